import { createHash } from 'node:crypto'
import { userOf } from '../builders.ts'
import { directoryRoles } from '../directory-roles.ts'
import { guid } from '../ids.ts'
import type { Tenant, User } from '../world.ts'
import { tourniquetApplication } from './application.ts'
import {
  backupIdentity,
  calendarHelper,
  chatId,
  intranet,
  mailBooster,
  microsoftTool,
  reportSync,
  teamId,
  teamsApps,
} from './apps.ts'
import { northwindMailRecords } from './northwind-mail-records.ts'
import {
  type AuditRecord,
  applicationTarget,
  modified,
  principalTarget,
  service,
  technicianOf,
  type Who,
  who,
} from './record-forms.ts'
import { storiesOf } from './record-stories.ts'

/** What happened at Northwind Traders in the last two weeks. */
export function northwindRecords(tenant: Tenant, partner: { tenantId: string; user: User }, now: Date): AuditRecord[] {
  const story = storiesOf(tenant, now)
  const user = (name: string): User => userOf(tenant, name)
  const by = (name: string): Who => who(user(name))
  const at = (hoursAgo: number): { hoursAgo: number } => ({ hoursAgo })
  const technician = technicianOf(tenant, { tenantId: partner.tenantId, userId: partner.user.id })
  return [
    ...applications(),
    ...teamsRecords(),
    ...northwindMailRecords(story, tenant, technician),
    ...accountRecords(),
    ...shareRecords(),
    ...everyday(),
  ]

  function applications(): AuditRecord[] {
    const apps = {
      booster: mailBooster(),
      report: reportSync(),
      own: tourniquetApplication(),
      local: intranet(tenant.id),
    }
    const local = tenant.servicePrincipals.find(({ appId }) => appId === apps.local.appId)
    const backup = tenant.servicePrincipals.find(({ displayName }) => displayName === backupIdentity)
    const change = 'Update application – Certificates and secrets management '
    return [
      ...story.consent(at(5), by('Ada'), apps.booster, 'offline_access Mail.Read User.Read'),
      ...story.consent(at(320), by('Gloria'), apps.own, 'offline_access Directory.AccessAsUser.All', true),
      ...story.consent(at(190), by('Felix'), calendarHelper, 'offline_access Calendars.ReadWrite Contacts.Read'),
      ...story.consent(at(260), by('Greta'), microsoftTool, 'User.Read openid profile'),
      story.failedConsent(at(52), by('Hugo'), apps.booster),
      story.appRoleGiven(at(30), by('Gloria'), apps.report, 'Chat.Read.All'),
      story.appRoleGiven(
        at(170),
        by('Gloria'),
        { appId: backup?.appId ?? '', displayName: backupIdentity },
        'Directory.Read.All',
      ),
      story.entra(at(48), 'Update application.', by('Nils'), {
        objectId: `Application_${apps.local.id}`,
        category: 'Application',
        target: applicationTarget(apps.local),
        modified: [
          modified(
            'RequiredResourceAccess',
            '[\r\n  {\r\n    "ResourceAppId": "00000003-0000-0000-c000-000000000000",\r\n    "RequiredAppPermissions": [{ "EntitlementId": "df021288-bdef-4463-88db-98f22de89214", "DirectAccessGrant": true }]\r\n  }\r\n]',
            '[]',
          ),
          modified('Included Updated Properties', 'RequiredResourceAccess'),
        ],
      }),
      story.entra(at(47), change, by('Nils'), {
        objectId: 'Not Available',
        category: 'Application',
        target: applicationTarget(apps.local),
        modified: [
          modified(
            'KeyDescription',
            '["[KeyIdentifier=2f1c,KeyType=Password,KeyUsage=Verify,DisplayName=deploy]"]',
            '[]',
          ),
          modified('Included Updated Properties', 'KeyDescription'),
        ],
      }),
      story.entra(at(120), 'Add owner to service principal.', by('Ursula'), {
        objectId: local?.id ?? '',
        category: 'ServicePrincipal',
        target: principalTarget(local?.id ?? '', apps.local.displayName, apps.local.appId),
        modified: [
          modified('ServicePrincipal.ObjectID', local?.id ?? ''),
          modified('User.UPN', user('Nils').userPrincipalName),
        ],
      }),
    ]
  }

  function teamsRecords(): AuditRecord[] {
    const installed = (hoursAgo: number, name: string, app: keyof typeof teamsApps, place: AuditRecord): AuditRecord =>
      story.teamsApp(at(hoursAgo), 'AppInstalled', by(name), teamsApps[app], place)
    const team = { TeamGuid: teamId, TeamName: 'Northwind Marketing', OperationScope: 'Team' }
    return [
      installed(9, 'Kira', 'pollMaster', team),
      installed(75, 'Greta', 'stickyNotes', { ChatThreadId: chatId, OperationScope: 'Chat' }),
      installed(140, 'Kira', 'helpDesk', { TargetUserId: user('Kira').id, OperationScope: 'User' }),
      installed(230, 'Greta', 'diceRoller', team),
      installed(46, 'Liam', 'timeSheets', { OperationScope: 'User' }),
      story.teams(at(231), 'MemberAdded', by('Greta'), {
        TeamGuid: teamId,
        TeamName: 'Northwind Marketing',
        Members: [{ DisplayName: 'Kira', Role: 1, UPN: user('Kira').userPrincipalName }],
      }),
    ]
  }

  function accountRecords(): AuditRecord[] {
    const reset = 'Reset user password.'
    const selfService = service('fim_password_service@support.onmicrosoft.com', 4)
    const method = modified('StrongAuthenticationMethod', '[{"MethodType":6,"Default":true}]', '[]')
    return [
      ...[0, 20, 41, 63, 80].map((plusSeconds) =>
        story.signIn({ hoursAgo: 6, plusSeconds }, by('Ada'), {
          failed: 'InvalidUserNameOrPassword',
          errorNumber: '50126',
          ip: '198.51.100.9',
        }),
      ),
      story.signIn({ hoursAgo: 6, plusSeconds: 120 }, by('Ada'), { ip: '198.51.100.9' }),
      story.signIn(at(26), by('Gloria'), { failed: 'IdsLocked', errorNumber: '50053', ip: '198.51.100.66' }),
      story.signIn(at(33), by('Sven'), { failed: 'IdsLocked', errorNumber: '50053', ip: '198.51.100.66' }),
      story.signIn(at(34), by('Selma'), { failed: 'IdsLocked', errorNumber: '50053', ip: '198.51.100.66' }),
      story.signIn(at(71), by('Carla'), {
        failed: 'UserStrongAuthClientAuthNRequired',
        errorNumber: '50074',
        ip: '192.0.2.201',
      }),
      story.signIn(at(72), by('Gustav'), { failed: 'UserDisabled', errorNumber: '50057', ip: '192.0.2.201' }),
      story.signIn(at(12), by('Annika'), {
        failed: 'InvalidUserNameOrPassword',
        errorNumber: '50126',
        ip: '192.0.2.15',
      }),
      story.signIn(at(44), by('Gwen'), { ip: '192.0.2.44' }),
      story.roleGiven(
        at(22),
        by('Gloria'),
        user('Pia'),
        'Privileged Authentication Administrator',
        directoryRoles['Privileged Authentication Administrator'],
      ),
      story.roleGiven(
        at(300),
        by('Gloria'),
        user('Ursula'),
        'User Administrator',
        directoryRoles['User Administrator'],
      ),
      story.onUser(at(35), reset, by('Ursula'), user('Fatima')),
      story.onUser(at(36), reset, selfService, user('Ada')),
      story.onUser(at(90), reset, by('Pia'), user('Gloria')),
      story.onUser(at(130), reset, technician, user('Kira')),
      story.onUser(at(160), 'Enable account.', by('Ursula'), user('Doris'), [
        modified('AccountEnabled', '[\r\n  true\r\n]', '[\r\n  false\r\n]'),
      ]),
      story.onUser(at(158), 'Disable account.', by('Ursula'), user('Doris'), [
        modified('AccountEnabled', '[\r\n  false\r\n]', '[\r\n  true\r\n]'),
      ]),
      story.onUser(at(310), 'Disable account.', by('Gloria'), user('Gustav'), [
        modified('AccountEnabled', '[\r\n  false\r\n]', '[\r\n  true\r\n]'),
      ]),
      story.onUser(at(40), 'Update user.', by('Liam'), user('Liam'), [
        method,
        modified('Included Updated Properties', 'StrongAuthenticationMethod'),
      ]),
      story.onUser(at(41), 'Disable Strong Authentication.', by('Ursula'), user('Bruno'), [
        modified('StrongAuthenticationRequirement', '[]', '[{"State":1}]'),
      ]),
      story.onUser(at(210), 'User registered security info', by('Rafael'), user('Rafael')),
      story.alert(
        at(2),
        'AlertTriggered',
        'Suspicious email sending patterns detected',
        user('Jonas').userPrincipalName,
        'Medium',
      ),
      story.alert(
        at(62),
        'AlertEntityGenerated',
        'Creation of forwarding/redirect rule',
        user('Dmitri').userPrincipalName,
        'Low',
      ),
      story.alert(
        at(250),
        'AlertTriggered',
        'Elevation of Exchange admin privilege',
        user('Hana').userPrincipalName,
        'High',
      ),
    ]
  }

  function shareRecords(): AuditRecord[] {
    const hash = createHash('sha256').update(tenant.id).digest('hex')
    return [
      story.linkCreated(at(10), by('Greta'), 'Price list.xlsx'),
      story.linkCreated(at(105), by('Gwen'), 'Drawings.zip'),
      story.linkCreated(at(220), service('app@sharepoint', 0), 'Archive.zip'),
      story.sharePoint(at(11), 'AnonymousLinkUsed', service(`urn:spo:anon#${hash}`, 0), 'Price list.xlsx'),
      story.sharePoint(at(106), 'FileDownloaded', service('anonymous', 0), 'Drawings.zip', { RecordType: 6 }),
      story.sharePoint(at(115), 'SharingSet', by('Olga'), 'Contracts.docx', {
        TargetUserOrGroupName: 'supplier@example.com',
        TargetUserOrGroupType: 'Guest',
      }),
      story.sharePoint(at(290), 'SiteCollectionAdminAdded', service('app@sharepoint', 0), '', {
        RecordType: 14,
        TargetUserOrGroupName: user('Jonas').userPrincipalName,
      }),
    ]
  }

  function everyday(): AuditRecord[] {
    return [
      story.onUser(at(270), 'Add user.', by('Ursula'), user('Olga')),
      story.onUser(at(269), 'Change user license.', by('Ursula'), user('Olga')),
      story.onUser(at(50), 'Change user password.', by('Ines'), user('Ines')),
      story.onUser(at(51), 'Change user password.', by('Felix'), user('Felix')),
      story.onUser(at(100), 'Change user password.', by('Fatima'), user('Fatima')),
      story.onUser(at(155), 'Update StsRefreshTokenValidFrom Timestamp.', by('Ursula'), user('Doris')),
      story.onUser(at(205), 'Update user.', by('Ursula'), user('Carla'), [modified('JobTitle', '["Driver"]', '[]')]),
      story.onUser(
        at(206),
        'Update user.',
        service('Sync_DC01_0a1b2c3d4e5f@northwindtraders.onmicrosoft.com', 0),
        user('Sven'),
      ),
      story.onUser(at(280), 'Add member to group.', by('Gloria'), user('Hana'), [
        modified('Group.DisplayName', 'Messaging administrators'),
      ]),
      story.onUser(
        at(281),
        'Update user.',
        service(`ServicePrincipal_${guid(tenant.id, 'hr-connector')}`, 6),
        user('Mona'),
      ),
      ...['Hugo', 'Kira', 'Nils', 'Olga', 'Rafael'].map((name, index) =>
        story.sharePoint(at(65 + 17 * index), 'FileDeletedFirstStageRecycleBin', by(name), `Plan ${index + 1}.docx`, {
          RecordType: 6,
        }),
      ),
      ...['Carla', 'Jonas', 'Mona', 'Pia', 'Ursula'].map((name, index) =>
        story.signIn(at(14 + 19 * index), by(name), { ip: '203.0.113.80' }),
      ),
    ]
  }
}
