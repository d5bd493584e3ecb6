import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { actionKey, rank, sentence } from '../classifier.ts'
import { addressee, calling } from '../identities.ts'
import { isObject, stringOf } from '../json-in-strings.ts'
import { newValueOf, operationKey } from '../record.ts'
import { graded } from '../severities.ts'
import { listed, plain, quoted } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import { activityInWords } from './activity-words.ts'
import { application, targetApp } from './apps.ts'
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

const aboutApps = /application|service principal|app role assignment/

function finding(context: RecordContext, known: Partial<Finding>): Finding {
  const { record, actor } = context
  const isAboutApp =
    aboutApps.test(record.operation) &&
    !/ from service principal|as part of link removal|failure/.test(record.operation)
  const ids = isAboutApp ? targetApp(record) : {}
  const app = application(ids)
  const predicate = activityInWords(context, app)
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
