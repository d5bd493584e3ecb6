import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { addressee, calling, isPlatform, sameUser } from '../identities.ts'
import { jsonIn, scalarIn } from '../json-in-strings.ts'
import { mailboxName } from '../mailboxes.ts'
import { newValueOf } from '../record.ts'
import { graded } from '../severities.ts'
import { quoted } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import { application, appName, targetApp } from './apps.ts'

type Wording = Pick<Finding, 'type' | 'severity' | 'title' | 'description' | 'reasons' | 'techniques'>
const telling = (wording: Wording, subjects: SubjectCandidate[] = []): Finding => ({
  ...wording,
  subjects,
  actionKey: null,
  rank: rank.telling,
})

const roleOperations =
  /^add (eligible )?member to role( completed| in pim completed|$)|^add (scoped|eligible) (member|role)/
const mightyRoles =
  /global admin|company admin|privileged|authentication admin|exchange admin|application admin|user admin|security admin|hybrid identity|password admin|helpdesk|conditional access|intune|partner tier|organization management|discovery management|sharepoint (service )?admin/i

export const roleAssigned: Classifier = (context) => {
  const { record, target } = context
  if (!context.happened) return null
  const isDirectory = roleOperations.test(record.operation)
  const isExchange = record.operation === 'add-rolegroupmember' || record.operation === 'new-managementroleassignment'
  if (!isDirectory && !isExchange) return null
  const app = target === null && isDirectory ? application(targetApp(record)) : null
  // The platform gives roles to its own services.
  if (target === null && isPlatform(context.actor)) return null
  const member = record.Parameters.get('Member') ?? record.Parameters.get('User')
  const memberName = mailboxName(member)
  const memberUser = memberName === undefined ? null : addressee(memberName, 'TARGET')
  const role = isDirectory
    ? (newValueOf(record, 'Role.DisplayName') ?? newValueOf(record, 'Role.WellKnownObjectName') ?? '')
    : (mailboxName(record.Parameters.get('Role') ?? record.Parameters.get('Identity') ?? record.ObjectId) ?? '')
  const who = target !== null ? calling(target) : app !== null ? appName(app) : quoted(memberName ?? '')
  const roleName = scalarIn(role) ?? role
  const isMighty = mightyRoles.test(roleName)
  const isReader = /reader/i.test(roleName)
  const subjects = [app, memberUser].filter((subject) => subject !== null)
  return telling(
    {
      ...graded('ROLE_ASSIGNED', isMighty ? 'MIGHTY' : isReader ? 'READER' : 'OTHER'),
      title: `${who} got the role ${quoted(roleName)}`,
      description: sentence(context, `gave ${who} the role ${quoted(roleName)}`),
      reasons: [
        isMighty
          ? 'The role can take over other accounts or open their mail.'
          : isReader
            ? 'The role sees much and changes nothing.'
            : 'The role gives administrative rights.',
        ...(sameUser(context.actor, target) ? ['They gave it to themselves.'] : []),
      ],
      techniques: ['T1098.003'],
    },
    subjects,
  )
}

const resets = new Set(['reset user password', 'reset password (by admin)', 'set force change user password'])
const changes = new Set(['change user password', 'reset password (self-service)', 'change password (self-service)'])

export const passwordReset: Classifier = (context) => {
  const { record, target } = context
  const isChange = changes.has(record.operation)
  if (!context.happened || target === null || (!isChange && !resets.has(record.operation))) return null
  const bySelf = isChange || sameUser(context.actor, target)
  // Self-service and writeback run under a service of Microsoft's: who is behind it, the record does not tell.
  const byService = !bySelf && isPlatform(context.actor)
  return telling({
    ...graded('PASSWORD_RESET', bySelf ? 'BY_SELF' : byService ? 'BY_SERVICE' : 'BY_SOMEBODY_ELSE'),
    title: bySelf ? `${calling(target)} changed their password` : `The password of ${calling(target)} was reset`,
    description: sentence(context, bySelf ? 'changed their own password' : `reset the password of ${calling(target)}`),
    reasons: byService
      ? ['It came by self-service or from the local directory: ask the user whether it was them.']
      : bySelf
        ? []
        : ['Whoever reset it may know the new password.'],
    techniques: bySelf ? [] : ['T1098'],
  })
}

export const accountSwitched: Classifier = (context) => {
  const { record, target } = context
  if (!context.happened || target === null) return null
  const enabled = enabledBy(context)
  if (enabled === undefined) return null
  const name = calling(target)
  return telling({
    ...(enabled ? graded('ACCOUNT_ENABLED', 'ENABLED') : graded('ACCOUNT_DISABLED', 'DISABLED')),
    title: `The account of ${name} was ${enabled ? 'enabled' : 'disabled'}`,
    description: sentence(context, `${enabled ? 'enabled' : 'disabled'} the account of ${name}`),
    reasons: enabled
      ? ['Keep watching the account: if it was disabled after an attack, look whether it may be on again.']
      : [],
    techniques: enabled ? ['T1098'] : record.operation === 'disable account' ? ['T1531'] : [],
  })
}

function enabledBy({ record }: RecordContext): boolean | undefined {
  if (record.operation === 'enable account') return true
  if (record.operation === 'disable account') return false
  const change = record.operation === 'update user' ? record.ModifiedProperties.get('AccountEnabled') : undefined
  const [before, after] = [scalarIn(change?.oldValue), scalarIn(change?.newValue)]
  if (after === undefined || before === after) return undefined
  return after.toLowerCase() === 'true' ? true : after.toLowerCase() === 'false' ? false : undefined
}

/** What each operation does to the second factor. */
const factorOperations = new Map<string, 'WEAKER' | 'CHANGED' | 'STRONGER'>([
  ['disable strong authentication', 'WEAKER'],
  ['enable strong authentication', 'STRONGER'],
  ['user deleted security info', 'WEAKER'],
  ['admin deleted security info', 'WEAKER'],
  ['user registered security info', 'CHANGED'],
  ['user registered all required security info', 'CHANGED'],
  ['admin registered security info', 'CHANGED'],
  ['user changed default security info', 'CHANGED'],
  ['admin updated security info', 'CHANGED'],
])

export const secondFactorChanged: Classifier = (context) => {
  const { record, target } = context
  if (!context.happened) return null
  const whom = target ?? (context.actor?.type === 'USER' ? context.actor : null)
  const effect = factorOperations.get(record.operation) ?? effectOfUpdate(context)
  if (effect === undefined || whom === null) return null
  const name = calling(whom)
  const predicate = { WEAKER: 'turned off or removed', CHANGED: 'changed', STRONGER: 'turned on' }[effect]
  return telling({
    ...graded('MFA_CHANGED', effect),
    title: `The second factor of ${name} was ${predicate}`,
    description: sentence(context, `${predicate} the second factor of ${name}`),
    reasons:
      effect === 'STRONGER'
        ? []
        : ['An attacker who changes the second factor keeps the account after a new password.'],
    techniques: effect === 'STRONGER' ? [] : ['T1556.006'],
  })
}

function effectOfUpdate({ record }: RecordContext): 'WEAKER' | 'CHANGED' | 'STRONGER' | undefined {
  if (record.operation !== 'update user') return undefined
  for (const [name, change] of record.ModifiedProperties) {
    if (!name.startsWith('StrongAuthentication')) continue
    const [before, after] = [settled(change.oldValue), settled(change.newValue)]
    if (before === after) continue
    const isOff = after === '' || after === '[]'
    if (name === 'StrongAuthenticationRequirement')
      return isOff ? 'WEAKER' : before === '[]' || before === '' ? 'STRONGER' : 'CHANGED'
    return isOff ? 'WEAKER' : 'CHANGED'
  }
  return undefined
}

/** Clock drift and last use change with every sign-in and are no change of the factor. */
const volatile = new Set([
  'OathTokenTimeDrift',
  'LastAuthenticatedTimestamp',
  'RememberDevicesNotIssuedBefore',
  'TimeInterval',
])

function settled(text: string): string {
  const value = jsonIn(text)
  if (value === undefined) return text.trim()
  return JSON.stringify(value, (key, member: unknown) => (volatile.has(key) ? undefined : member))
}
