import { anApplication } from '../builders.ts'
import { guid } from '../ids.ts'
import type { Application } from '../world.ts'

export const clientId = guid('application', 'Tourniquet')
/** Opens nothing but the simulator. */
export const clientSecret = 'simulator-only-client-secret'

export const appRoles = [
  'Events.Read',
  'Events.Ingest',
  'Remediations.User',
  'Remediations.Privileged',
  'Remediations.AppsAndRules',
  'Audit.Read',
  'Administer',
] as const

export const applicationPermissions = [
  'User.Read.All',
  'User.EnableDisableAccount.All',
  'User.RevokeSessions.All',
  'User-PasswordProfile.ReadWrite.All',
  'RoleManagement.Read.Directory',
  'GroupMember.Read.All',
  'Domain.Read.All',
  'DelegatedAdminRelationship.Read.All',
  'Application.Read.All',
  'Application.ReadWrite.All',
  'MailboxSettings.Read',
  'MailboxSettings.ReadWrite',
  'Mail.Send',
  'TeamsAppInstallation.ReadWriteForUser.All',
  'TeamsAppInstallation.ReadWriteForTeam.All',
  'TeamsAppInstallation.ReadWriteForChat.All',
  'AppCatalog.ReadWrite.All',
  'TeamSettings.ReadWrite.All',
  'Chat.ReadWrite.All',
  'Exchange.ManageAsApp',
  'ActivityFeed.Read',
] as const

export const delegatedPermissions = [
  'openid',
  'profile',
  'offline_access',
  'User.Read.All',
  'User.EnableDisableAccount.All',
  'User-PasswordProfile.ReadWrite.All',
  'UserAuthenticationMethod.ReadWrite.All',
  'Directory.AccessAsUser.All',
] as const

/** The gateway's registration: its API, what it asks for, and where its pages are. Entra ignores the port of loopback addresses. */
export const tourniquetApplication = (): Application =>
  anApplication({
    appId: clientId,
    displayName: 'Tourniquet',
    homeTenantId: guid('tenant', 'Tourniquet publisher'),
    secrets: [clientSecret],
    redirectUris: ['127.0.0.1', 'localhost'].flatMap((host) => [
      `http://${host}/sign-in/callback`,
      `http://${host}/consent/callback`,
    ]),
    appRoles,
    permissions: applicationPermissions,
    delegated: delegatedPermissions,
  })
