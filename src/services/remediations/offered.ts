import type { SecurityEvent, SecurityEventType, SubjectOf } from '../events/types.ts'

/** B2: any event raised by or on a user. The subject being a user of the event is all that it takes. */
export const isAboutAUser = (event: SecurityEvent, subject: SubjectOf<'USER'>): boolean =>
  event.subjects.some(({ id }) => id === subject.id)

/** B3 to B5: only on these types of events. */
export const onEvents =
  (...types: readonly SecurityEventType[]) =>
  ({ type }: SecurityEvent): boolean =>
    types.includes(type)
