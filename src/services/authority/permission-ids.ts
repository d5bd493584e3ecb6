/** Ids of application permissions (app roles): the same in every tenant, unique only within their resource (reference, section 16.2). */

/** Resources by their application id. */
export const resources = {
  graph: '00000003-0000-0000-c000-000000000000',
  exchange: '00000002-0000-0ff1-ce00-000000000000',
  managementActivity: 'c5393580-f805-4401-95e8-94b7a6ef2fc2',
} as const

/** Display names of the same. */
export const resourceNames: Readonly<Record<string, string>> = {
  [resources.graph]: 'Microsoft Graph',
  [resources.exchange]: 'Office 365 Exchange Online',
  [resources.managementActivity]: 'Office 365 Management APIs',
}

const graphPermissions: Record<string, string> = {
  '98830695-27a2-44f7-8c18-0c3ebc9698f6': 'GroupMember.Read.All',
  'dbb9058a-0e50-45d7-ae91-66909b5d4664': 'Domain.Read.All',
  'e12dae10-5a57-4817-b79d-dfbec5348930': 'AppCatalog.Read.All',
  'dc149144-f292-421e-b185-5953f2e98d7f': 'AppCatalog.ReadWrite.All',
  '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30': 'Application.Read.All',
  '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9': 'Application.ReadWrite.All',
  '18a4783c-866b-4cc7-a460-3d5e5662c884': 'Application.ReadWrite.OwnedBy',
  '06b708a9-e830-4db3-a914-8e69da51d44f': 'AppRoleAssignment.ReadWrite.All',
  'b0afded3-3588-46d8-8b3d-9842eff778da': 'AuditLog.Read.All',
  '5e1e9171-754d-478c-812c-f1755a9a4c2d': 'AuditLogsQuery.Read.All',
  '7276d950-48fc-4269-8348-f22f2bb296d0': 'AuditLogsQuery-Entra.Read.All',
  '6b0d2622-d34e-4470-935b-b96550e5ca8d': 'AuditLogsQuery-Exchange.Read.All',
  '6b7d71aa-70aa-4810-a8d9-5d9fb2830017': 'Chat.Read.All',
  '294ce7c9-31ba-490a-ad7d-97a7d075e4ed': 'Chat.ReadWrite.All',
  'b2e060da-3baf-4687-9611-f4ebc0f0cbde': 'Chat.ReadBasic.All',
  'f6e9e124-4586-492f-adc0-c6f96e4823fd': 'DelegatedAdminRelationship.Read.All',
  '8e8e4742-1d95-4f68-9d56-6ee75648c72a': 'DelegatedPermissionGrant.ReadWrite.All',
  '7ab1d382-f21e-4acd-a863-ba3e13f7da61': 'Directory.Read.All',
  '19dbc75e-c2e2-444c-a770-ec69d8559fc7': 'Directory.ReadWrite.All',
  '5b567255-7703-4780-807c-7be8301ae99b': 'Group.Read.All',
  '62a82d76-70ea-41e2-9197-370581804d09': 'Group.ReadWrite.All',
  'b633e1c5-b582-4048-a93e-9f11b44c7e96': 'Mail.Send',
  '40f97065-369a-49f4-947c-6a255697ae91': 'MailboxSettings.Read',
  '6931bccd-447a-43d1-b442-00a195474933': 'MailboxSettings.ReadWrite',
  '498476ce-e0fe-48b0-b801-37ba7e2685c6': 'Organization.Read.All',
  '483bed4a-2ad3-4361-a73b-c83ccdbdc53c': 'RoleManagement.Read.Directory',
  'c7fbd983-d9aa-4fa7-84b8-17382c103bc4': 'RoleManagement.Read.All',
  '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8': 'RoleManagement.ReadWrite.Directory',
  'd5fe8ce8-684c-4c83-a52c-46e882ce4be1': 'RoleAssignmentSchedule.Read.Directory',
  'ff278e11-4a33-4d0c-83d2-d01dc58929a5': 'RoleEligibilitySchedule.Read.Directory',
  '472e4a4d-bb4a-4026-98d1-0b0d74cb74a5': 'SecurityAlert.Read.All',
  'ed4fca05-be46-441f-9803-1873825f8fdb': 'SecurityAlert.ReadWrite.All',
  '45cc0394-e837-488b-a098-1918f48d186c': 'SecurityIncident.Read.All',
  '2280dda6-0bfd-44ee-a2f4-cb867cfc4c1e': 'Team.ReadBasic.All',
  '242607bd-1d2c-432c-82eb-bdb27baa23ab': 'TeamSettings.Read.All',
  'bdd80a03-d9bc-451d-b7c4-ce7c63fe3c8f': 'TeamSettings.ReadWrite.All',
  '0fdf35a5-82f8-41ff-9ded-0b761cc73512': 'TeamsAppInstallation.Read.All',
  '9ce09611-f4f7-4abd-a629-a05450422a97': 'TeamsAppInstallation.ReadForUser.All',
  '1f615aea-6bf9-4b05-84bd-46388e138537': 'TeamsAppInstallation.ReadForTeam.All',
  'cc7e7635-2586-41d6-adaa-a8d3bcad5ee5': 'TeamsAppInstallation.ReadForChat.All',
  '74ef0291-ca83-4d02-8c7e-d2391e6a444f': 'TeamsAppInstallation.ReadWriteForUser.All',
  '5dad17ba-f6cc-4954-a5a2-a0dcc95154f0': 'TeamsAppInstallation.ReadWriteForTeam.All',
  '9e19bae1-2623-4c4f-ab6e-2664615ff9a0': 'TeamsAppInstallation.ReadWriteForChat.All',
  '908de74d-f8b2-4d6b-a9ed-2a17b3b78179': 'TeamsAppInstallation.ReadWriteSelfForUser.All',
  '9f67436c-5415-4e7f-8ac1-3014a7132630': 'TeamsAppInstallation.ReadWriteSelfForTeam.All',
  '73a45059-f39c-4baf-9182-4954ac0e55cf': 'TeamsAppInstallation.ReadWriteSelfForChat.All',
  '32ca478f-f89e-41d0-aaf8-101deb7da510': 'TeamsAppInstallation.ReadWriteAndConsentForUser.All',
  'b0c13be0-8e20-4bc5-8c55-963c23a39ce9': 'TeamsAppInstallation.ReadWriteAndConsentForTeam.All',
  '6e74eff9-4a21-45d6-bc03-3a20f61f8281': 'TeamsAppInstallation.ReadWriteAndConsentForChat.All',
  'df021288-bdef-4463-88db-98f22de89214': 'User.Read.All',
  '97235f07-e226-4f63-ace3-39588e11d3a1': 'User.ReadBasic.All',
  '741f803b-c850-494e-b5df-cde7c675a1ca': 'User.ReadWrite.All',
  '3011c876-62b7-4ada-afa2-506cbbecc68c': 'User.EnableDisableAccount.All',
  '77f3a031-c388-4f99-b373-dc68676a979e': 'User.RevokeSessions.All',
  'cc117bb9-00cf-4eb8-b580-ea2a878fe8f7': 'User-PasswordProfile.ReadWrite.All',
  'eccc023d-eccf-4e7b-9683-8813ab36cecc': 'User.DeleteRestore.All',
  '38d9df27-64da-44fd-b7c5-a6fbac20248f': 'UserAuthenticationMethod.Read.All',
  '50483e42-d915-4231-9639-7fdb7fd190e5': 'UserAuthenticationMethod.ReadWrite.All',
}

const namesByResource: Record<string, Record<string, string>> = {
  [resources.graph]: graphPermissions,
  [resources.exchange]: { 'dc50a0fb-09a3-484d-be87-e023b12c6440': 'Exchange.ManageAsApp' },
  [resources.managementActivity]: {
    '594c1fb6-4f81-4475-ae41-0c394909246c': 'ActivityFeed.Read',
    '4807a72c-ad38-4250-94c9-4eabfe26cd55': 'ActivityFeed.ReadDlp',
    'e2cea78f-e743-4d8f-a16a-75b629a038ae': 'ServiceHealth.Read',
  },
}

/** The permission's name, e.g. `User.Read.All`; an id that no table knows is returned as it is. */
export const applicationPermissionName = (resourceAppId: string | undefined, appRoleId: string): string =>
  namesByResource[resourceAppId ?? '']?.[appRoleId] ?? appRoleId
