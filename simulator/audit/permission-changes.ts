/** Records of permissions given and taken away. The target is the resource; the client stands among the changes. */
import { graphAppId } from '../microsoft-resources.ts'
import { type AuditRecord, type Modified, modified, principalTarget, type Who } from '../sample/record-forms.ts'
import type { Stories } from '../sample/record-stories.ts'
import type { Application, AppRoleAssignment, OAuth2PermissionGrant, Tenant } from '../world.ts'
import { now } from './trail.ts'

type Direction = 'Add' | 'Remove'

/** What was given is new, what was taken away is old. */
const change = (direction: Direction, name: string, value: string): Modified =>
  direction === 'Add' ? modified(name, value) : modified(name, '', value)

function onResource(
  story: Stories,
  by: Who,
  operation: string,
  { servicePrincipals }: Tenant,
  resourceId: string,
  changes: Modified[],
): AuditRecord {
  const { appId, displayName } = servicePrincipals.find(({ id }) => id === resourceId) ?? { appId: '', displayName: '' }
  return story.entra(now, operation, by, {
    objectId: appId,
    category: 'ServicePrincipal',
    target: principalTarget(resourceId, displayName, appId),
    modified: [...changes, modified('TargetId.ServicePrincipalNames', appId)],
  })
}

/** The client is named by its id alone. */
export const grantChanged = (
  story: Stories,
  by: Who,
  direction: Direction,
  tenant: Tenant,
  { scope, consentType, clientId, resourceId }: OAuth2PermissionGrant,
): AuditRecord =>
  onResource(story, by, `${direction} delegated permission grant.`, tenant, resourceId, [
    change(direction, 'DelegatedPermissionGrant.Scope', ` ${scope}`),
    change(direction, 'DelegatedPermissionGrant.ConsentType', consentType),
    change(direction, 'ServicePrincipal.ObjectID', clientId),
    modified('ServicePrincipal.DisplayName', ''),
    modified('ServicePrincipal.AppId', ''),
    modified('ServicePrincipal.Name', ''),
  ])

const assignmentOperations: Record<AppRoleAssignment['principalType'], Record<Direction, string>> = {
  ServicePrincipal: {
    Add: 'Add app role assignment to service principal.',
    Remove: 'Remove app role assignment from service principal.',
  },
  User: { Add: 'Add app role assignment grant to user.', Remove: 'Remove app role assignment from user.' },
  Group: { Add: 'Add app role assignment to group.', Remove: 'Remove app role assignment from group.' },
}

export function assignmentChanged(
  story: Stories,
  by: Who,
  direction: Direction,
  tenant: Tenant,
  { principalId, principalType, resourceId, appRoleId }: AppRoleAssignment,
): AuditRecord {
  const resource = tenant.servicePrincipals.find(({ id }) => id === resourceId)
  const role = resource?.appRoles.find(({ id }) => id === appRoleId)
  const client = tenant.servicePrincipals.find(({ id }) => id === principalId)
  const user = tenant.users.find(({ id }) => id === principalId)
  const holder: Record<string, string> = user
    ? { 'User.ObjectID': user.id, 'User.UPN': user.userPrincipalName }
    : {
        'ServicePrincipal.ObjectID': principalId,
        'ServicePrincipal.DisplayName': client?.displayName ?? '',
        'ServicePrincipal.AppId': client?.appId ?? '',
        'ServicePrincipal.Name': client?.appId ?? '',
      }
  const values = {
    'AppRole.Id': appRoleId,
    'AppRole.Value': role?.value ?? '',
    'AppRole.DisplayName': role?.displayName ?? '',
    ...holder,
  }
  const changes = Object.entries(values).map(([name, value]) => change(direction, name, value))
  return onResource(story, by, assignmentOperations[principalType][direction], tenant, resourceId, changes)
}

/** An administrator's consent, with what it added to what was there before. */
export function consentGiven(
  story: Stories,
  by: Who,
  tenant: Tenant,
  application: Application,
  before: Pick<Tenant, 'servicePrincipals' | 'appRoleAssignments' | 'oauth2PermissionGrants'>,
): AuditRecord[] {
  const grants = tenant.oauth2PermissionGrants.filter(
    ({ id, scope }) => !before.oauth2PermissionGrants.some((old) => old.id === id && old.scope === scope),
  )
  const assignments = tenant.appRoleAssignments.filter((one) => !before.appRoleAssignments.includes(one))
  const isNew = !before.servicePrincipals.some(({ appId }) => appId === application.appId)
  const graph = tenant.servicePrincipals.find(({ appId }) => appId === graphAppId)
  const scope = grants.find(({ resourceId }) => resourceId === graph?.id)?.scope ?? ''
  // The grants stand below, each on its own resource.
  const [, consent, principal] = story.consent(now, by, application, scope, true)
  return [
    ...grants.map((grant) => grantChanged(story, by, 'Add', tenant, grant)),
    ...assignments.map((assignment) => assignmentChanged(story, by, 'Add', tenant, assignment)),
    ...(consent ? [consent] : []),
    ...(principal && isNew ? [principal] : []),
  ]
}
