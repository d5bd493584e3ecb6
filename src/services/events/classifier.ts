import type { ActorCandidate, CandidateOf } from './identities.ts'
import { calling } from './identities.ts'
import type { AuditRecord } from './record.ts'
import { clientAddress } from './record.ts'
import type { TenantSnapshot } from './snapshot.ts'
import type { TechniqueId } from './techniques.ts'
import type { SecurityEventType, Severity, SubjectCandidate } from './types.ts'

/** What every classifier is given. `happened` is false when the record says that the operation failed. */
export interface RecordContext {
  record: AuditRecord
  tenantId: string
  snapshot: TenantSnapshot
  actor: ActorCandidate | null
  /** The user that a directory record is about, who may be the actor too. */
  target: CandidateOf<'USER'> | null
  happened: boolean
}

/** What a classifier finds. Texts are one line each, for people; nothing in them comes out of a record uncleaned. */
export interface Finding {
  type: SecurityEventType
  severity: Severity
  title: string
  description: string
  reasons: string[]
  techniques: TechniqueId[]
  /** Who it was done to or with; the actor and the target user are added. */
  subjects: SubjectCandidate[]
  /** Records with the same key within a short time are one event. */
  actionKey: string | null
  /** Of the records of one action the lowest rank gives the event its type and title. */
  rank: number
}

export type Classifier = (context: RecordContext) => Finding | null

/** Ranks follow the order of classification; records that belong to the same action use steps between them. */
export const rank = {
  consent: 10,
  permissionGrant: 20,
  appCredential: 21,
  appOwner: 22,
  teamsApp: 30,
  forwarding: 40,
  inboxRule: 50,
  mailboxGrant: 60,
  mailboxAccess: 70,
  telling: 80,
  activity: 90,
} as const

/** `Alex did it from 203.0.113.7.` The address is left out when the record has none. */
export function sentence({ actor, record }: RecordContext, predicate: string): string {
  const address = clientAddress(record)
  return `${calling(actor)} ${predicate}${address === null ? '' : `, from ${address}`}.`
}

/** The key of what one actor does with one object; null when either is unknown. */
export function actionKey({ tenantId, actor }: RecordContext, object: string | undefined): string | null {
  const by = actor?.aliases[0]
  return by === undefined || object === undefined ? null : `${tenantId}|${object}|${by}`
}
