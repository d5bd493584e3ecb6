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

/** Sound because type and attributes come from one subject. */
export const inTenant = (tenantId: string, { id, type, attributes }: Omit<Subject, 'role'>): SubjectIn =>
  ({ tenantId, id, type, attributes }) as SubjectIn

/** An event may name one object twice, as actor and as target: it is one subject. */
export const distinctSubjects = (tenantId: string, subjects: readonly Subject[]): SubjectIn[] => [
  ...new Map(subjects.map((subject) => [subject.id, inTenant(tenantId, subject)])).values(),
]

/** Null when it is not there or not visible. */
export async function subjectNode(ctx: ServiceContext, tenantId: string, id: string) {
  const subject = await subjectById(ctx, tenantId, id)
  return subject && { ...inTenant(tenantId, subject), __typename: subjectTypeNames[subject.type] }
}
