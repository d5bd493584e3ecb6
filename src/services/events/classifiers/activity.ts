import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { actionKey, rank, sentence } from '../classifier.ts'
import type { CandidateOf } from '../identities.ts'
import { addressee, calling, sameUser } from '../identities.ts'
import { isObject, stringOf } from '../json-in-strings.ts'
import { newValueOf, operationKey } from '../record.ts'
import { graded } from '../severities.ts'
import { listed, plain, quoted } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import { application, appName, targetApp } from './apps.ts'
import { signInActivity } from './sign-in.ts'

/** Looking at things, and what clients do by themselves. By an anonymous visitor it is telling all the same. */
const plainReading = new Set([
  'mailitemsaccessed',
  'folderbind',
  'messagebind',
  'fileaccessed',
  'fileaccessedextended',
  'filepreviewed',
  'pageviewed',
  'pageviewedextended',
  'clientviewsignaled',
  'listviewed',
  'listitemviewed',
  'pageprefetched',
  'searchqueryperformed',
  'searchviewed',
  'mailboxlogin',
])
const readingCmdlets = /^(get|test|search|validate|aggregate|find|export-.*report)[-a-z]*$/

export const isPlainReading = (operation: string): boolean =>
  plainReading.has(operation) || (readingCmdlets.test(operation) && !operation.includes('purge'))

/** What a user did, or what was done to one, when nothing more telling fits. Null means: no event. */
export const userActivity: Classifier = (context) => {
  const { record, actor, target } = context
  const dlp = dataLossPrevention(context)
  if (dlp !== null) return dlp
  if (actor?.type === 'ANONYMOUS') return finding(context, {})
  if (isPlainReading(record.operation)) return null
  if (actor?.type === 'USER') {
    const signIn = signInActivity(context)
    return signIn === null ? finding(context, {}) : finding(context, signIn)
  }
  // Services keep user objects in order all the time; what they add, remove or register is more than that.
  const isUpkeep = /^(update|set|change) /.test(record.operation) || record.operation === ''
  return target === null || isUpkeep || !context.happened ? null : finding(context, {})
}

/** Plain words for operations; `{target}` and `{app}` are filled in. */
const words = new Map<string, string>([
  ['add user', 'created the user {target}'],
  ['delete user', 'deleted the user {target}'],
  ['update user', 'changed the user {target}'],
  ['restore user', 'restored the user {target}'],
  ['change user license', 'changed the licences of {target}'],
  ['update stsrefreshtokenvalidfrom timestamp', 'revoked the sessions of {target}'],
  ['add member to group', 'added {target} to a group'],
  ['remove member from group', 'removed {target} from a group'],
  ['add owner to group', 'made {target} an owner of a group'],
  ['remove member from role', 'took a role from {target}'],
  ['add registered owner to device', 'registered a device for {target}'],
  ['add registered users to device', 'registered a device for {target}'],
  ['add application', 'registered the application {app}'],
  ['delete application', 'deleted the application {app}'],
  ['update application', 'changed the application {app}'],
  ['add service principal', 'added the application {app} to the tenant'],
  ['remove service principal', 'removed the application {app} from the tenant'],
  ['update service principal', 'changed the application {app}'],
  ['consent to application', 'consented to the application {app}'],
  ['add app role assignment grant to user', 'assigned {target} to the application {app}'],
  ['remove oauth2permissiongrant', 'took a permission from an application'],
  ['remove app role assignment from service principal', 'took a permission from an application'],
  ['set-mailbox', 'changed the settings of a mailbox'],
  ['new-inboxrule', 'made an inbox rule'],
  ['set-inboxrule', 'changed an inbox rule'],
  ['send', 'sent a mail'],
  ['softdelete', 'deleted mail'],
  ['harddelete', 'deleted mail for good'],
  ['movetodeleteditems', 'moved items to the deleted items'],
  ['create', 'made an item in their mailbox'],
  ['update', 'changed an item in their mailbox'],
  ['modifyfolderpermissions', 'changed the permissions of a mail folder'],
  ['filedownloaded', 'downloaded {file}'],
  ['fileuploaded', 'uploaded {file}'],
  ['filemodified', 'changed {file}'],
  ['filemodifiedextended', 'kept changing {file}'],
  ['filedeleted', 'deleted {file}'],
  ['fileaccessed', 'opened {file}'],
  ['anonymouslinkused', 'used an anonymous link to {file}'],
  ['securelinkused', 'used a link to {file}'],
  ['sharingset', 'shared {file}'],
  ['addedtogroup', 'added somebody to a site group'],
  ['memberadded', 'added members to a team'],
  ['memberrolechanged', 'changed the roles of members of a team'],
  ['teamcreated', 'made a team'],
  ['teamssessionstarted', 'started Teams'],
])

const aboutApps = /application|service principal|app role assignment/

function finding(context: RecordContext, known: Partial<Finding>): Finding {
  const { record, actor, target } = context
  const isAboutApp =
    aboutApps.test(record.operation) &&
    !/ from service principal|as part of link removal|failure/.test(record.operation)
  const ids = isAboutApp ? targetApp(record) : {}
  const app = application(ids)
  const predicate = predicateFor(context, app)
  return {
    ...graded('USER_ACTIVITY', context.happened ? 'DONE' : 'FAILED'),
    title: `${context.happened ? '' : 'Failed attempt: '}${calling(actor)} ${predicate}`,
    description: `${context.happened ? '' : 'This was tried and failed: '}${sentence(context, predicate)}`,
    reasons: failureReasons(context),
    techniques: [],
    subjects: [...(app !== null && context.happened ? [app] : []), ...othersIn(context)],
    // Alone such a record is what a user did; within a consent it belongs to it.
    actionKey:
      app === null || !context.happened ? null : actionKey(context, ids.servicePrincipalId ?? ids.applicationId),
    rank: rank.activity,
    ...known,
  }

  function predicateFor(of: RecordContext, subject: CandidateOf<'APPLICATION'> | null): string {
    const operation = words.get(of.record.operation)
    if (operation === undefined) return `performed ${quoted(of.record.Operation ?? 'something unnamed')}${onWhom()}`
    const file = of.record.SourceFileName?.trim()
    return operation
      .replace('{target}', () =>
        sameUser(actor, target) ? 'themselves' : target === null ? 'somebody' : calling(target),
      )
      .replace('{app}', () =>
        subject === null ? quoted(newValueOf(record, 'DisplayName') ?? 'not named') : appName(subject),
      )
      .replace('{file}', () => (file ? quoted(file) : 'a file'))
  }

  function onWhom(): string {
    return target === null || sameUser(actor, target) ? '' : ` on ${calling(target)}`
  }
}

function failureReasons({ record, happened }: RecordContext): string[] {
  if (happened) return []
  const reason = newValueOf(record, 'ConsentAction.Reason')
  return reason === undefined ? ['The record says that it failed.'] : [`It failed: ${plain(reason, 120)}.`]
}

/** People named in lists: members of a team, the user that an app was assigned to. */
function othersIn({ record }: RecordContext): SubjectCandidate[] {
  const members = Array.isArray(record.Members) ? record.Members.slice(0, 50) : []
  const names = members.map((member: unknown) => stringOf(member, 'UPN'))
  names.push(newValueOf(record, 'User.UPN'), record.TargetUserOrGroupName)
  return names.flatMap((name) => (name === undefined ? [] : (addressee(name, 'TARGET') ?? [])))
}

/** The agent reports, the sender or editor is meant. */
function dataLossPrevention(context: RecordContext): Finding | null {
  const { record } = context
  if (!record.operation.startsWith('dlprule')) return null
  const sender = stringOf(record.ExchangeMetaData, 'From') ?? stringOf(record.SharePointMetaData, 'From')
  const person = sender === undefined ? null : addressee(sender, 'TARGET')
  if (person === null) return null
  const policies = Array.isArray(record.PolicyDetails) ? record.PolicyDetails.filter(isObject) : []
  const names = policies.flatMap((policy) => stringOf(policy, 'PolicyName') ?? [])
  const undone = operationKey(record.operation).includes('undo')
  const policy =
    names.length === 0
      ? 'a policy'
      : `the policy ${listed(
          names.map((name) => quoted(name)),
          3,
        )}`
  return finding(context, {
    ...graded('USER_ACTIVITY', undone ? 'DONE' : 'DATA_LOSS'),
    title: `${calling(person)} ${undone ? 'no longer meets' : 'met'} a rule against data loss`,
    description: `Content of ${calling(person)} ${undone ? 'no longer meets' : 'met'} ${policy} against data loss.`,
    reasons: [],
    techniques: [],
    subjects: [person],
  })
}
