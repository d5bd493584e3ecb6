import type { Classifier, RecordContext } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { addressee, calling, isPlatform } from '../identities.ts'
import { guid } from '../ids.ts'
import { mailboxName, mailboxSubject } from '../mailboxes.ts'
import { type GroundOf, graded } from '../severities.ts'
import type { TechniqueId } from '../techniques.ts'
import { quoted } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import { accessSubject } from './mailbox-grant.ts'

interface Kind {
  verb: string
  techniques: TechniqueId[]
}
const reading: Kind = { verb: 'read mail in', techniques: ['T1114.002'] }
const sending: Kind = { verb: 'sent mail from', techniques: ['T1534'] }
const deleting: Kind = { verb: 'deleted mail in', techniques: ['T1070.008'] }
const changing: Kind = { verb: 'changed items in', techniques: ['T1114.002'] }

const operations = new Map<string, Kind>([
  ['mailitemsaccessed', reading],
  ['folderbind', reading],
  ['messagebind', reading],
  ['copy', reading],
  ['mailboxlogin', { verb: 'signed in to', techniques: ['T1114.002'] }],
  ['send', sending],
  ['sendas', sending],
  ['sendonbehalf', sending],
  ['create', changing],
  ['update', changing],
  ['move', changing],
  ['addfolderpermissions', changing],
  ['modifyfolderpermissions', changing],
  ['updatefolderpermissions', changing],
  ['removefolderpermissions', changing],
  ['updatecalendardelegation', changing],
  ['updateinboxrules', changing],
  ['movetodeleteditems', deleting],
  ['softdelete', deleting],
  ['harddelete', deleting],
])

/** Somebody was in a mailbox that is not theirs. The platform in its own work (`S-1-5-18`) is not somebody. */
export const mailboxAccess: Classifier = (context) => {
  const { record, actor } = context
  const kind = operations.get(record.operation)
  if (kind === undefined || actor === null || isPlatform(actor) || !context.happened || !isNonOwner(context))
    return null
  const mailboxGuid = guid(record.MailboxGuid)
  const mailbox = mailboxName(record.MailboxOwnerUPN) ?? mailboxGuid
  if (mailbox === undefined) return null
  const owner = addressee(mailbox, 'TARGET')
  const subjects: SubjectCandidate[] = [
    mailboxSubject(mailbox, mailboxGuid === undefined ? {} : { exchangeGuid: mailboxGuid }),
  ]
  const accessor = actor.type === 'USER' ? (actor.attributes.userPrincipalName ?? actor.attributes.objectId) : undefined
  if (accessor !== undefined) subjects.push(accessSubject(mailbox, accessor, []))
  if (owner !== null) subjects.push(owner)
  return {
    ...graded('MAILBOX_ACCESS_BY_NON_OWNER', groundOf(kind, record.LogonType)),
    title: `${calling(actor)} ${kind.verb} the mailbox of ${quoted(mailbox)}`,
    description: sentence(context, `${kind.verb} the mailbox of ${quoted(mailbox)}`),
    reasons: [logonReason(record.LogonType)],
    techniques: kind.techniques,
    subjects,
    actionKey: null,
    rank: rank.mailboxAccess,
  }
}

/** The same SID or the same address is the owner, however the logon is called; else the logon type or the difference tells. */
function isNonOwner({ record }: RecordContext): boolean {
  const compared = [
    [record.LogonUserSid, record.MailboxOwnerSid],
    [record.UserId, record.MailboxOwnerUPN],
  ].flatMap(([a, b]) => {
    const [left, right] = [a?.trim().toLowerCase() ?? '', b?.trim().toLowerCase() ?? '']
    return left === '' || right === '' ? [] : [left === right]
  })
  if (compared.includes(true)) return false
  return compared.includes(false) || (record.LogonType !== undefined && record.LogonType !== 0)
}

function groundOf(kind: Kind, logonType: number | undefined): GroundOf<'MAILBOX_ACCESS_BY_NON_OWNER'> {
  if (kind === sending) return 'SENT'
  return logonType === 1 ? 'ADMINISTRATIVE' : 'AS_DELEGATE'
}

function logonReason(logonType: number | undefined): string {
  if (logonType === 1) return 'The mailbox was opened with administrative access, such as a content search.'
  if (logonType === 2) return 'The mailbox was opened by a delegate: somebody who was given access.'
  return 'Who opened the mailbox is not its owner.'
}
