import type { EventWithTenant } from '../services/events/read.ts'
import { builder } from './builder.ts'

/** Declared apart from its fields: events hold runs, runs lead back to their event. */
export const SecurityEventType = builder.objectRef<EventWithTenant>('SecurityEvent')
