import type { ActivitySubscription } from '../../clients/types.ts'
import { type FactReader, type Reading, reading } from './fact.ts'

/** Our subscriptions to the audit records of the tenant: whether the feed answers us at all (reference, section 14.1). */
export type ActivityFeed = readonly ActivitySubscription[]

export const loadActivityFeed = ({ session, tenantId, fresh }: FactReader): Promise<Reading<ActivityFeed>> =>
  reading(() => session.tenant(tenantId).managementActivity.subscriptions({ fresh }))
