import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { rank } from '../classifier.ts'
import { addressee, type CandidateOf, calling, isAddress } from '../identities.ts'
import { jsonIn, stringOf } from '../json-in-strings.ts'
import { graded } from '../severities.ts'
import { listed, plain, quoted, storable } from '../text.ts'
import { type Severity, severities } from '../types.ts'

const alerts = new Set(['alerttriggered', 'alertentitygenerated'])
const mailThreats = new Set(['timaildata', 'timaildatainline', 'airinvestigationdata'])

/** Microsoft's own alerts. The user stands inside the `Data` string or in `AlertEntityId`; `UserId` is only the service. */
export const microsoftAlert: Classifier = (context) => {
  if (alerts.has(context.record.operation)) return alert(context)
  return mailThreats.has(context.record.operation) ? mailThreat(context) : null
}

function alert({ record, tenantId }: RecordContext): Finding {
  const data = jsonIn(record.Data)
  const addresses = [
    ...addressesIn(stringOf(data, 'f3u')),
    ...addressesIn(stringOf(data, 'eid')),
    ...addressesIn(record.AlertEntityId),
  ]
  const name = record.Name?.trim() || stringOf(data, 'an') || 'without a name'
  const wording = stringOf(data, 'ad')
  const subjects = users(addresses)
  const about = subjects.length === 1 ? subjects[0] : undefined
  const category = record.Category?.trim()
  const reasons = category === undefined || category === '' ? [] : [`Category: ${plain(category, 80)}.`]
  if (record.AlertEntityId !== undefined && !isAddress(record.AlertEntityId)) {
    reasons.push(`About: ${plain(record.AlertEntityId, 120)}.`)
  }
  return {
    ...graded('MICROSOFT_ALERT', statedSeverity(record.Severity ?? stringOf(data, 'sev'))),
    title: `Microsoft alert ${quoted(name)}${about === undefined ? '' : ` about ${calling(about)}`}`,
    description:
      wording === undefined
        ? `Microsoft raised the alert ${quoted(name)}.`
        : plain(wording.replace(/ -V[\d.]+$/, '.'), 400),
    reasons,
    techniques: [],
    subjects,
    actionKey: record.AlertId === undefined ? null : `${tenantId}|alert:${storable(record.AlertId.toLowerCase(), 100)}`,
    rank: record.operation === 'alerttriggered' ? rank.telling : rank.telling + 1,
  }
}

function mailThreat({ record }: RecordContext): Finding {
  const recipients = Array.isArray(record.Recipients)
    ? record.Recipients.flatMap((entry: unknown) => (typeof entry === 'string' ? addressesIn(entry) : []))
    : []
  const subject = record.Subject === undefined ? '' : ` with the subject ${quoted(record.Subject)}`
  return {
    ...graded('MICROSOFT_ALERT', 'NOT_STATED'),
    title: 'Microsoft found a threat in a mail',
    description: `Microsoft found a threat in a mail${subject} to ${
      recipients.length === 0
        ? 'this organisation'
        : listed(
            recipients.map((to) => plain(to, 80)),
            4,
          )
    }.`,
    reasons: [],
    techniques: ['T1566'],
    subjects: users(recipients),
    actionKey: null,
    rank: rank.telling,
  }
}

function users(addresses: readonly string[]): CandidateOf<'USER'>[] {
  const unique = new Map(addresses.map((address) => [address.toLowerCase(), address]))
  return [...unique.values()].slice(0, 20).flatMap((address) => addressee(address, 'TARGET') ?? [])
}

function addressesIn(text: string | undefined): string[] {
  return (text ?? '')
    .slice(0, 10_000)
    .split(/[;,\s]+/)
    .filter(isAddress)
}

function statedSeverity(text: string | undefined): Severity | 'NOT_STATED' {
  const stated = text?.trim().toUpperCase()
  return severities.find((severity) => severity === stated) ?? 'NOT_STATED'
}
