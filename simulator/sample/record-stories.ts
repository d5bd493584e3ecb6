/** Records that several tenants and events share: one function for each thing that happens. */

import { servicePrincipalOf } from '../grants.ts'
import { graphApplicationPermissions } from '../graph-permissions.ts'
import { guid, opaqueId } from '../ids.ts'
import { graphAppId } from '../microsoft-resources.ts'
import type { CatalogApp, Tenant, User } from '../world.ts'
import {
  type AuditRecord,
  aliasOf,
  directoryPath,
  modified,
  principalTarget,
  type RecordForms,
  recordForms,
  userTarget,
  type When,
  type Who,
} from './record-forms.ts'

export interface AppName {
  appId: string
  displayName: string
}

export interface Stories extends RecordForms {
  /** A consent with the records that Entra writes beside it, in no order. */
  consent(when: When, actor: Who, app: AppName, scope: string, forAll?: boolean): AuditRecord[]
  failedConsent(when: When, actor: Who, app: AppName): AuditRecord
  appRoleGiven(when: When, actor: Who, app: AppName, role: string): AuditRecord
  forwardingSet(when: When, actor: Who, owner: User, address: string): AuditRecord
  inboxRule(
    when: When,
    operation: string,
    actor: Who,
    owner: User,
    name: string,
    rule: Record<string, string>,
  ): AuditRecord
  mailboxAccess(when: When, actor: Who, mailbox: User, grantee: User): AuditRecord
  onUser(when: When, operation: string, actor: Who, user: User, changes?: ReturnType<typeof modified>[]): AuditRecord
  roleGiven(when: When, actor: Who, user: User, role: string, templateId: string): AuditRecord
  /** `place` is the team or chat; without one the app is for the person alone. */
  teamsApp(when: When, operation: string, actor: Who, app: CatalogApp, place?: AuditRecord): AuditRecord
  linkCreated(when: When, actor: Who, file: string): AuditRecord
}

const distributionModes = { store: 'Store', organization: 'Tenant', sideloaded: 'SideLoaded' } as const

export function storiesOf(tenant: Tenant, now: Date, series = ''): Stories {
  const forms = recordForms(tenant, now, series)
  const graphPrincipal = servicePrincipalOf(tenant, graphAppId)?.id ?? guid(tenant.id, 'graph')
  const principalId = ({ appId }: AppName): string =>
    servicePrincipalOf(tenant, appId)?.id ?? guid(tenant.id, 'servicePrincipal', appId)
  const graphNames = `${graphAppId}/ags.windows.net;${graphAppId};https://graph.microsoft.com;https://ags.windows.net`
  const graphTarget = [
    ...principalTarget(graphPrincipal, 'Microsoft Graph', graphAppId).slice(0, 5),
    { ID: graphNames, Type: 4 },
  ]

  const consentRecord = (when: When, actor: Who, app: AppName, permissions: string, forAll: boolean): AuditRecord =>
    forms.entra(when, 'Consent to application.', actor, {
      objectId: app.appId,
      category: 'ServicePrincipal',
      ip: '203.0.113.7',
      target: principalTarget(principalId(app), app.displayName, app.appId),
      modified: [
        modified('ConsentContext.IsAdminConsent', forAll ? 'True' : 'False'),
        modified('ConsentContext.IsAppOnly', 'False'),
        modified('ConsentContext.OnBehalfOfAll', forAll ? 'True' : 'False'),
        modified('ConsentContext.Tags', 'WindowsAzureActiveDirectoryIntegratedApp'),
        modified('ConsentAction.Permissions', permissions),
        modified('TargetId.ServicePrincipalNames', app.appId),
      ],
    })

  return {
    ...forms,
    consent: (when, actor, app, scope, forAll = false) => {
      const consentType = forAll ? 'AllPrincipals' : 'Principal'
      const grantee = forAll ? '' : (actor.objectId ?? '')
      const grant = tenant.oauth2PermissionGrants.find(
        (one) => one.clientId === principalId(app) && (one.principalId ?? '') === grantee,
      )
      const grantId = grant?.id ?? opaqueId(principalId(app), graphPrincipal, grantee)
      const permissions = `[] => [[Id: ${grantId}, ClientId: ${principalId(app)}, PrincipalId: ${grantee}, ResourceId: ${graphPrincipal}, ConsentType: ${consentType}, Scope:  ${scope}]]; `
      return [
        forms.entra({ ...when, plusSeconds: 1 }, 'Add delegated permission grant.', actor, {
          objectId: graphNames,
          category: 'ServicePrincipal',
          ip: '203.0.113.7',
          target: graphTarget,
          modified: [
            modified('DelegatedPermissionGrant.Scope', ` ${scope}`),
            modified('DelegatedPermissionGrant.ConsentType', consentType),
            modified('ServicePrincipal.ObjectID', principalId(app)),
            modified('ServicePrincipal.DisplayName', ''),
            modified('ServicePrincipal.AppId', ''),
            modified('ServicePrincipal.Name', ''),
            modified('TargetId.ServicePrincipalNames', graphNames),
          ],
        }),
        consentRecord(when, actor, app, permissions, forAll),
        forms.entra(when, 'Add service principal.', actor, {
          objectId: app.appId,
          category: 'ServicePrincipal',
          target: principalTarget(principalId(app), app.displayName, app.appId),
          modified: [modified('AccountEnabled', '[\r\n  true\r\n]', '[]')],
        }),
      ]
    },
    failedConsent: (when, actor, app) => ({
      ...consentRecord(when, actor, app, '[] => []; ', false),
      ObjectId: `Application_${app.appId}`,
      ResultStatus: 'Failure',
    }),
    appRoleGiven: (when, actor, app, role) =>
      forms.entra(when, 'Add app role assignment to service principal.', actor, {
        objectId: graphNames,
        category: 'ServicePrincipal',
        target: graphTarget,
        modified: [
          modified('AppRole.Id', graphApplicationPermissions[role] ?? ''),
          modified('AppRole.Value', role),
          modified('AppRole.DisplayName', role),
          modified('ServicePrincipal.ObjectID', principalId(app)),
          modified('ServicePrincipal.DisplayName', app.displayName),
          modified('ServicePrincipal.AppId', app.appId),
          modified('ServicePrincipal.Name', app.appId),
          modified('TargetId.ServicePrincipalNames', graphNames),
        ],
      }),
    forwardingSet: (when, actor, owner, address) =>
      forms.exchangeAdmin(when, 'Set-Mailbox', actor, aliasOf(owner), {
        Identity: directoryPath(tenant, aliasOf(owner)),
        ForwardingSmtpAddress: address,
        DeliverToMailboxAndForward: address ? 'True' : 'False',
      }),
    inboxRule: (when, operation, actor, owner, name, rule) =>
      forms.exchangeAdmin(when, operation, actor, `${aliasOf(owner)}\\${name || ' '}`, {
        ...(operation === 'New-InboxRule' ? {} : { Identity: `${aliasOf(owner)}\\${name}` }),
        Name: name,
        ...rule,
      }),
    mailboxAccess: (when, actor, mailbox, grantee) =>
      forms.exchangeAdmin(when, 'Add-MailboxPermission', actor, aliasOf(mailbox), {
        Identity: directoryPath(tenant, aliasOf(mailbox)),
        User: directoryPath(tenant, aliasOf(grantee)),
        AccessRights: 'FullAccess',
        InheritanceType: 'All',
      }),
    onUser: (when, operation, actor, user, changes = []) =>
      forms.entra(when, operation, actor, {
        objectId: user.userPrincipalName,
        category: 'User',
        target: userTarget(user),
        modified: changes,
      }),
    roleGiven: (when, actor, user, role, templateId) =>
      forms.entra(when, 'Add member to role.', actor, {
        objectId: user.userPrincipalName,
        category: 'Role',
        target: userTarget(user),
        modified: [
          modified('Role.ObjectID', guid(tenant.id, 'directoryRole', templateId)),
          modified('Role.DisplayName', role),
          modified('Role.TemplateId', templateId),
          modified('Role.WellKnownObjectName', role.replaceAll(' ', '')),
        ],
      }),
    teamsApp: (when, operation, actor, { teamsApp, teamsAppDefinition }, place = {}) => {
      const { clientAppId } = teamsAppDefinition.authorization
      return forms.teams(when, operation, actor, {
        AddOnName: teamsApp.displayName,
        AddOnGuid: teamsApp.id,
        AddOnType: 1,
        AppDistributionMode: distributionModes[teamsApp.distributionMethod],
        ...(clientAppId ? { AzureADAppId: clientAppId } : {}),
        ...place,
      })
    },
    linkCreated: (when, actor, file) =>
      forms.sharePoint(when, 'AnonymousLinkCreated', actor, file, {
        EventData: '<Type>Edit</Type><MembersCanShareApplied>False</MembersCanShareApplied>',
        UniqueSharingId: guid(tenant.id, 'link', file),
      }),
  }
}
