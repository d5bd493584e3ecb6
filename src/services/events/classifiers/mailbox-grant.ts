import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { addressee, calling, isAddress, isPlatform } from '../identities.ts'
import { guid } from '../ids.ts'
import { isObject, stringOf } from '../json-in-strings.ts'
import {
  apparentDomains,
  domainOf,
  internalDomains,
  isOwnMailbox,
  mailboxAlias,
  mailboxName,
  mailboxSubject,
} from '../mailboxes.ts'
import { graded } from '../severities.ts'
import { listed, plain, quoted, storable } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'

/** Somebody other than the owner may now open a mailbox, or send as it. The platform's own grants are housekeeping. */
export const mailboxAccessGranted: Classifier = (context) => {
  if (!context.happened || isPlatform(context.actor)) return null
  return byCmdlet(context) ?? onFolder(context)
}

/** The parameter that names who gets access, by cmdlet. */
const cmdlets = new Map([
  ['add-mailboxpermission', 'User'],
  ['add-recipientpermission', 'Trustee'],
  ['add-mailboxfolderpermission', 'User'],
  ['set-mailboxfolderpermission', 'User'],
])

function byCmdlet(context: RecordContext): Finding | null {
  const { record } = context
  const granteeParameter = cmdlets.get(record.operation)
  if (granteeParameter === undefined || record.Parameters.get('Deny')?.toLowerCase() === 'true') return null
  const identity = record.Parameters.get('Identity')
  // A folder is named `<mailbox>:\Inbox`.
  const mailbox = mailboxName(identity?.split(':\\')[0]) ?? mailboxName(record.ObjectId?.split(':\\')[0])
  const grantee = mailboxName(record.Parameters.get(granteeParameter))
  return grantFinding(context, mailbox, grantee, rightsIn(record.Parameters.get('AccessRights')))
}

const folderOperations = new Set(['addfolderpermissions', 'modifyfolderpermissions', 'updatefolderpermissions'])

function onFolder(context: RecordContext): Finding | null {
  const { record } = context
  if (!folderOperations.has(record.operation)) return null
  const folder = isObject(record.Item) ? record.Item['ParentFolder'] : undefined
  const grantee = mailboxName(stringOf(folder, 'MemberUpn'))
  if (grantee === undefined || /@local$/i.test(grantee)) return null
  return grantFinding(context, mailboxName(record.MailboxOwnerUPN), grantee, rightsIn(stringOf(folder, 'MemberRights')))
}

function rightsIn(text: string | undefined): string[] {
  const rights = (text ?? '').slice(0, 1000).split(/[,;]/)
  return rights.map((right) => plain(right, 60, '')).filter((right) => right !== '')
}

/** Showing when somebody is free, or that a folder exists, is no access to mail. */
const harmless = /^(none|visible|foldervisible|freebusysimple|freebusydetailed|availabilityonly|limiteddetails)$/i

function grantFinding(
  context: RecordContext,
  mailbox: string | undefined,
  grantee: string | undefined,
  accessRights: string[],
): Finding | null {
  if (mailbox === undefined || grantee === undefined || isSelf(mailbox, grantee, context)) return null
  const telling = accessRights.filter((right) => !harmless.test(right))
  if (telling.length === 0 && accessRights.length > 0) return null
  const isFull = telling.some((right) => /^(fullaccess|sendas|owner)$/i.test(right))
  const grantsSelf = isOwnMailbox(grantee, context.actor)
  const person = grantsSelf ? null : addressee(grantee, 'TARGET')
  const owner = isOwnMailbox(mailbox, context.actor) ? null : addressee(mailbox, 'TARGET')
  const subjects: SubjectCandidate[] = [accessSubject(mailbox, grantee, accessRights), mailboxSubject(mailbox)]
  for (const subject of [person, owner]) if (subject !== null) subjects.push(subject)
  const rights = telling.length === 0 ? 'access' : listed(telling)
  const reasons = [`Rights given: ${rights}.`]
  if (grantsSelf) reasons.push(`${calling(context.actor)} gave the access to their own account.`)
  return {
    ...graded('MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', isFull ? 'FULL_ACCESS' : 'LESSER_RIGHT'),
    title: `${quoted(grantee)} got access to mailbox ${quoted(mailbox)}`,
    description: sentence(context, `gave ${quoted(grantee)} ${rights} on mailbox ${quoted(mailbox)}`),
    reasons,
    techniques: ['T1098.002'],
    subjects,
    actionKey: null,
    rank: rank.mailboxGrant,
  }
}

/**
 * The same mailbox named twice: `pia` and `pia@contoso.com` count where that domain is the tenant's; two addresses must be
 * equal. Another organisation has a `pia`, too.
 */
function isSelf(mailbox: string, grantee: string, { record, actor, snapshot }: RecordContext): boolean {
  const [a, b] = [mailbox.toLowerCase(), grantee.toLowerCase()]
  if (a === b) return true
  if (isAddress(a) === isAddress(b) || a.split('@')[0] !== b.split('@')[0]) return false
  const domain = domainOf(isAddress(a) ? a : b)
  if (internalDomains(record, snapshot).has(domain)) return true
  return snapshot.domains === null && apparentDomains(record, actor, undefined).has(domain)
}

/** Who may do what on which mailbox, one subject for each pair. */
export function accessSubject(mailbox: string, grantee: string, accessRights: string[]): SubjectCandidate {
  const who = guid(grantee) ?? grantee.toLowerCase()
  return {
    type: 'MAILBOX_ACCESS',
    role: 'TARGET',
    aliases: [storable(`access:${mailboxAlias(mailbox)}|${who}`, 800)],
    attributes: { mailbox, grantee, ...(accessRights.length === 0 ? {} : { accessRights }) },
  }
}
