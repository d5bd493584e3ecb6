import type { ServiceContext } from '../context.ts'
import { subjectById } from '../services/events/read.ts'
import type { Subject, SubjectAttributes, SubjectType } from '../services/events/types.ts'

/** The type's name in the API for each type of subject. */
export const subjectTypeNames = {
  USER: 'UserSubject',
  APPLICATION: 'ApplicationSubject',
  TEAMS_APP: 'TeamsAppSubject',
  INBOX_RULE: 'InboxRuleSubject',
  TRANSPORT_RULE: 'TransportRuleSubject',
  MAILBOX: 'MailboxSubject',
  MAILBOX_ACCESS: 'MailboxAccessSubject',
  SYSTEM: 'SystemIdentity',
  ANONYMOUS: 'AnonymousIdentity',
} as const satisfies Record<SubjectType, string>

/** A subject with its tenant, which its id in the API needs. */
export type SubjectIn<T extends SubjectType = SubjectType> = {
  [K in T]: { type: K; id: string; tenantId: string; attributes: SubjectAttributes[K] }
}[T]

/** An option, a reason, a step: something about a subject, which is shown with its tenant. */
export type OnSubject<T extends { subject: Subject }> = T & { subject: { tenantId: string } }

export const onSubjectsIn = <T extends { subject: Subject }>(tenantId: string, items: readonly T[]): OnSubject<T>[] =>
  items.map((item) => ({ ...item, subject: { ...item.subject, tenantId } }))

/** An event may name one object twice, as actor and as target: it is one subject. */
export const distinctSubjects = (tenantId: string, subjects: readonly Subject[]): SubjectIn[] => [
  ...new Map(subjects.map((subject) => [subject.id, { ...subject, tenantId }])).values(),
]

/** Null when it is not there or not visible. */
export async function subjectNode(ctx: ServiceContext, tenantId: string, id: string) {
  const subject = await subjectById(ctx, tenantId, id)
  return subject && { ...subject, tenantId, __typename: subjectTypeNames[subject.type] }
}
