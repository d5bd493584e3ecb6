import type { ServiceContext } from '../context.ts'
import { subjectById } from '../services/events/read.ts'
import type { Subject, SubjectAttributes, SubjectType } from '../services/events/types.ts'
import { scopedId } from './global-ids.ts'

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

/** A subject with its tenant and its id in the API. */
export type SubjectIn<T extends SubjectType = SubjectType> = {
  [K in T]: { type: K; id: string; tenantId: string; globalId: string; attributes: SubjectAttributes[K] }
}[T]

const subjectsIn = new WeakMap<Subject, Subject & SubjectIn>()

/** Made once: the options and reasons of an event are all about the same few subjects. */
function subjectIn(tenantId: string, subject: Subject): Subject & SubjectIn {
  const made = subjectsIn.get(subject)
  if (made?.tenantId === tenantId) return made
  const own = { ...subject, tenantId, globalId: scopedId('Subject', tenantId, subject.id) }
  subjectsIn.set(subject, own)
  return own
}

/** An option, a reason, a step: something about a subject, which is shown with its tenant. */
export type OnSubject<T extends { subject: Subject }> = T & { subject: SubjectIn }

export const onSubjectsIn = <T extends { subject: Subject }>(tenantId: string, items: readonly T[]): OnSubject<T>[] =>
  items.map((item) => ({ ...item, subject: subjectIn(tenantId, item.subject) }))

/** An event may name one object twice, as actor and as target: it is one subject. */
export const distinctSubjects = (tenantId: string, subjects: readonly Subject[]): SubjectIn[] => [
  ...new Map(subjects.map((subject) => [subject.id, subjectIn(tenantId, subject)])).values(),
]

/** Null when it is not there or not visible. */
export async function subjectNode(ctx: ServiceContext, tenantId: string, id: string) {
  const subject = await subjectById(ctx, tenantId, id)
  return (
    subject && {
      ...subject,
      tenantId,
      globalId: scopedId('Subject', tenantId, subject.id),
      __typename: subjectTypeNames[subject.type],
    }
  )
}
