/** Records of changes to people, service principals and applications. */
import {
  type AuditRecord,
  applicationTarget,
  type Modified,
  modified,
  principalTarget,
  type Who,
} from '../sample/record-forms.ts'
import type { Stories } from '../sample/record-stories.ts'
import type { Application, DeletedItem, ServicePrincipal, User } from '../world.ts'
import { now } from './trail.ts'

const json = (value: unknown): string => JSON.stringify([value], null, 2).replaceAll('\n', '\r\n')

/** Some changes of a person have an operation of their own. */
export function userChanged(story: Stories, by: Who, user: User, before: User): AuditRecord[] {
  const { accountEnabled, givenName, surname, jobTitle } = user
  const onOff = differences({ accountEnabled }, before)
  const others = differences({ givenName, surname, jobTitle }, before)
  const included = modified('Included Updated Properties', others.map(({ Name }) => Name).join(', '))
  return [
    ...(onOff.length > 0
      ? [story.onUser(now, accountEnabled ? 'Enable account.' : 'Disable account.', by, user, onOff)]
      : []),
    ...(user.password === before.password ? [] : [story.onUser(now, 'Reset user password.', by, user)]),
    ...(others.length > 0 ? [story.onUser(now, 'Update user.', by, user, [...others, included])] : []),
  ]
}

export const sessionsRevoked = (story: Stories, by: Who, user: User, before: string): AuditRecord =>
  story.onUser(now, 'Update StsRefreshTokenValidFrom Timestamp.', by, user, [
    modified('StsRefreshTokensValidFrom', json(user.signInSessionsValidFromDateTime), json(before)),
  ])

export const principalChanged = (
  story: Stories,
  by: Who,
  operation: string,
  { id, displayName, appId }: ServicePrincipal,
  changes: Modified[] = [],
): AuditRecord =>
  story.entra(now, operation, by, {
    objectId: appId,
    category: 'ServicePrincipal',
    target: principalTarget(id, displayName, appId),
    modified: [...changes, modified('TargetId.ServicePrincipalNames', appId)],
  })

/** What differs, by Entra's names. */
export const differences = (after: object, before: object): Modified[] =>
  Object.entries(after)
    .filter(([name, value]) => json(value) !== json(Reflect.get(before, name)))
    .map(([name, value]) =>
      modified(name.charAt(0).toUpperCase() + name.slice(1), json(value), json(Reflect.get(before, name))),
    )

export const applicationChanged = (story: Stories, by: Who, operation: string, application: Application): AuditRecord =>
  story.entra(now, operation, by, {
    objectId: `Application_${application.id}`,
    category: 'Application',
    target: applicationTarget(application),
  })

/** The names of the application's operations are known, those of the service principal's made after them. */
export const itemChanged = (
  story: Stories,
  by: Who,
  verb: 'Hard Delete' | 'Restore',
  item: DeletedItem,
): AuditRecord =>
  item.type === 'application'
    ? applicationChanged(story, by, `${verb} application.`, item.object)
    : principalChanged(story, by, `${verb} service principal.`, item.object)
