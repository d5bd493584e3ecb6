/** Audit entries in words. What was worded when it was written stays as it is; the rest is worded from its details. */
import { z } from 'zod'
import type { AuditEntryRow } from '../../db/audit.ts'
import { entryOf } from '../remediations/catalogue/index.ts'

const details = z.object({
  sentence: z.string().nullish().catch(null),
  message: z.string().nullish().catch(null),
  code: z.string().nullish().catch(null),
  reason: z.string().nullish().catch(null),
  kinds: z.array(z.string()).nullish().catch(null),
  events: z.record(z.string(), z.number()).nullish().catch(null),
  name: z.string().nullish().catch(null),
  roles: z.array(z.string()).nullish().catch(null),
  to: z.string().nullish().catch(null),
  from: z.string().nullish().catch(null),
  rows: z.number().nullish().catch(null),
  by: z.object({ systemUser: z.string() }).nullish().catch(null),
})

type Worded = Pick<AuditEntryRow, 'name' | 'operator' | 'kind' | 'details'>

/** One sentence for people: who did what, and what came of it. */
export function sentenceOf({ name, operator, kind, details: given }: Worded): string {
  const told = details.parse(given)
  const who = operator?.displayName ?? (told.by ? `${told.by.systemUser} at the command line` : 'The product')
  const action = kind ? titleOf(kind) : 'The remediation'
  const actions = told.kinds?.map(titleOf).join(', ') || 'a remediation'
  const words = told.sentence ?? told.message
  switch (name) {
    case 'remediation.requested':
      return `${who} asked for: ${actions}.`
    case 'remediation.refused':
      return `${who} asked for: ${actions}. It was refused: ${words ?? told.code ?? 'no reason is known'}`
    case 'remediation.started':
      return `${action}: the calls to Microsoft begin.`
    case 'remediation.confirmed':
    case 'remediation.accepted':
    case 'remediation.skipped':
    case 'remediation.failed':
    case 'remediation.unknown':
    case 'remediation.settled':
      return words ?? `${action}: ${outcomeOf(name)}.`
    case 'password.shown':
      return `The temporary password was shown to ${who}, once.`
    case 'password.delivered':
      return `The temporary password was sent by e-mail to an operator whom ${who} named.`
    case 'password.delivery_failed':
      return `The temporary password could not be sent by e-mail to an operator whom ${who} named.`
    case 'events.imported':
      return `${who} imported audit records: ${sum(told.events ?? {})} new events.`
    case 'api_key.created':
      return `${who} made the API key "${told.name ?? ''}" with ${told.roles?.join(', ') || 'no role'}.`
    case 'api_key.revoked':
      return `${who} revoked the API key "${told.name ?? ''}".`
    case 'access.granted':
      return `${who} granted ${told.roles?.join(', ') || 'no role'} to ${told.to ?? 'somebody'}.`
    case 'access.revoked':
      return `${who} took the access of ${told.from ?? 'somebody'} away.`
    case 'audit.verified':
      return `${who} verified the audit trail: ${told.rows ?? 0} entries.`
    case 'audit.exported':
      return `${who} exported the audit trail: ${told.rows ?? 0} entries.`
    default:
      return words ?? `${who}: ${name.replaceAll(/[._]/g, ' ')}${told.reason ? ` (${told.reason})` : ''}.`
  }
}

const titleOf = (kind: string): string => entryOf(kind)?.title ?? kind

const outcomeOf = (name: string): string => name.slice(name.indexOf('.') + 1)

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((all, one) => all + one, 0)
