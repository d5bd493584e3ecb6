/** A tenant in which everything happens, and the records of a page of 50 events about 40 people. */
import { aThirdPartyApp } from '../../simulator/apps.ts'
import { mailboxOfUser, type PersonDraft, person, userOf } from '../../simulator/builders.ts'
import { directoryRoles } from '../../simulator/directory-roles.ts'
import { guid } from '../../simulator/ids.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { withMailboxPermission, withSendAs } from '../../simulator/mailbox-access.ts'
import {
  type AuditRecord,
  modified,
  principalTarget,
  service,
  type Who,
  who,
} from '../../simulator/sample/record-forms.ts'
import { storiesOf } from '../../simulator/sample/record-stories.ts'
import { aChat, aTeam, aTeamsApp, installTeamsApp } from '../../simulator/teams.ts'
import { aTransportRule } from '../../simulator/transport-rules.ts'
import type { CatalogApp, InboxRule, Tenant } from '../../simulator/world.ts'

export const peopleOnPage = 40

const nameOf = (number: number): string => `Person${String(number).padStart(2, '0')}`

export const pagePeople: PersonDraft[] = [
  ...Array.from({ length: peopleOnPage - 3 }, (_, index) => person(nameOf(index + 1))),
  person('Accounts', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
  person('Support', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
  person('Sales', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
]

const consented = Array.from({ length: 6 }, (_, index) => `Helper ${index + 1}`)
const grown = Array.from({ length: 3 }, (_, index) => `Sync ${index + 1}`)
const teamsApps = {
  polls: aTeamsApp('Polls', { clientAppId: guid('application', 'Sync 1') }),
  notes: aTeamsApp('Notes'),
  sheets: aTeamsApp('Sheets', { distributionMethod: 'organization' }),
  desk: aTeamsApp('Desk'),
}
const chatId = `19:${guid('chat', 'page').replaceAll('-', '')}@thread.v2`
const teamId = guid('team', 'page')
/** Who may open which mailbox that is not theirs. */
const holders = [
  ['Accounts', 29],
  ['Support', 30],
  ['Sales', 31],
] as const
/** Whose rules the page is about, with the rule's name. */
const forwarding = { 19: 'Copies', 20: 'Backup', 21: 'Since May' }
const hiding = { 22: '.', 23: '..', 24: 'Tidy' }

/** What the records below are about, all of it still there. */
export function addPageObjects(tenant: Tenant): void {
  consented.forEach((name, index) => {
    aThirdPartyApp(tenant, name, { consents: { [nameOf(index + 1)]: ['Mail.Read', 'offline_access'] } })
  })
  for (const name of grown) aThirdPartyApp(tenant, name, { permissions: ['Application.Read.All'] })
  const team = aTeam(tenant, 'Marketing', { id: teamId, owners: [userOf(tenant, nameOf(11)).id] })
  const chat = aChat(tenant, 'Campaign', { id: chatId, members: [userOf(tenant, nameOf(12)).id] })
  installTeamsApp(tenant, teamsApps.polls, 'TEAM', team)
  installTeamsApp(tenant, teamsApps.notes, 'CHAT', chat)
  installTeamsApp(tenant, teamsApps.sheets, 'USER', userOf(tenant, nameOf(13)))
  installTeamsApp(tenant, teamsApps.desk, 'USER', userOf(tenant, nameOf(14)))
  for (const number of [15, 16, 17, 18]) {
    mailboxOfUser(tenant, nameOf(number)).forwardingSmtpAddress = `smtp:person${number}@example.net`
  }
  const withRule = (name: string, rule: Partial<InboxRule>) => {
    const mailbox = mailboxOfUser(tenant, name)
    mailbox.inboxRules = [anInboxRule(rule, mailbox.exchangeGuid)]
  }
  const forwardTo = [{ emailAddress: { name: 'archive@example.net', address: 'archive@example.net' } }]
  for (const [number, displayName] of Object.entries(forwarding)) {
    withRule(nameOf(Number(number)), { displayName, actions: { forwardTo } })
  }
  const hides = { conditions: { subjectContains: ['invoice'] }, actions: { delete: true } }
  for (const [number, displayName] of Object.entries(hiding))
    withRule(nameOf(Number(number)), { displayName, ...hides })
  withRule('Sales', { displayName: ',', ...hides })
  tenant.transportRules = ['Copy', 'Mirror'].map((Name, Priority) =>
    aTransportRule({ Name, Priority, BlindCopyTo: ['collector@example.org'] }, tenant.id, Name),
  )
  for (const [mailbox, holder] of holders) withMailboxPermission(tenant, mailbox, nameOf(holder))
  withSendAs(tenant, 'Support', nameOf(30))
}

/** 50 events of every type with every kind of subject; each consent is several records. */
export function pageRecords(tenant: Tenant, now: Date): AuditRecord[] {
  const story = storiesOf(tenant, now)
  const user = (number: number) => userOf(tenant, nameOf(number))
  const by = (number: number): Who => who(user(number))
  let hoursAgo = 0
  const next = () => {
    hoursAgo += 2
    return { hoursAgo }
  }
  const app = (displayName: string) => ({ displayName, appId: guid('application', displayName) })
  const principal = (name: string) => tenant.servicePrincipals.find(({ displayName }) => displayName === name)?.id ?? ''
  const sales = userOf(tenant, 'Sales')

  const installed = (number: number, { teamsApp, teamsAppDefinition }: CatalogApp, place: AuditRecord) =>
    story.teams(next(), 'AppInstalled', by(number), {
      AddOnName: teamsApp.displayName,
      AddOnGuid: teamsApp.id,
      AddOnType: 1,
      AppDistributionMode: 'Store',
      ...(teamsAppDefinition.authorization.clientAppId && {
        AzureADAppId: teamsAppDefinition.authorization.clientAppId,
      }),
      ...place,
    })
  const rules = (names: Record<number, string>, rule: Record<string, string>) =>
    Object.entries(names).map(([number, name]) =>
      story.inboxRule(next(), 'New-InboxRule', by(Number(number)), user(Number(number)), name, rule),
    )
  const hides = { DeleteMessage: 'True', SubjectContainsWords: 'invoice' }
  const switched = (number: number, operation: string, from: string, to: string) =>
    story.onUser(next(), operation, by(28), user(number), [modified('AccountEnabled', `[${to}]`, `[${from}]`)])

  return [
    ...consented.flatMap((name, index) => story.consent(next(), by(index + 1), app(name), 'offline_access Mail.Read')),
    ...grown.map((name, index) => story.appRoleGiven(next(), by(index + 7), app(name), 'Mail.Read')),
    story.entra(next(), 'Add owner to service principal.', by(10), {
      objectId: principal('Sync 2'),
      category: 'ServicePrincipal',
      target: principalTarget(principal('Sync 2'), 'Sync 2', app('Sync 2').appId),
      modified: [
        modified('ServicePrincipal.ObjectID', principal('Sync 2')),
        modified('User.UPN', user(10).userPrincipalName),
      ],
    }),
    installed(11, teamsApps.polls, { TeamGuid: teamId, TeamName: 'Marketing', OperationScope: 'Team' }),
    installed(12, teamsApps.notes, { ChatThreadId: chatId, OperationScope: 'Chat' }),
    installed(13, teamsApps.sheets, { OperationScope: 'User' }),
    installed(14, teamsApps.desk, { TargetUserId: user(14).id, OperationScope: 'User' }),
    ...[15, 16, 17, 18].map((number) =>
      story.forwardingSet(next(), by(number), user(number), `smtp:person${number}@example.net`),
    ),
    ...rules(forwarding, { ForwardTo: 'archive@example.net' }),
    ...rules(hiding, hides),
    story.mailbox(next(), 'UpdateInboxRules', by(25), user(25), {
      OperationProperties: [
        { Name: 'RuleOperation', Value: 'AddMailboxRule' },
        { Name: 'RuleName', Value: 'Newsletters' },
        { Name: 'RuleActions', Value: '[{"ActionType":"OP_MOVE","Folder":"Deleted Items"}]' },
      ],
    }),
    // In the mailbox of somebody else, and twice in one mailbox.
    story.inboxRule(next(), 'New-InboxRule', by(26), sales, ',', hides),
    story.inboxRule(next(), 'New-InboxRule', by(22), user(22), 'Rest', { MoveToFolder: 'RSS Feeds' }),
    ...['Copy', 'Mirror'].map((Name) =>
      story.exchangeAdmin(next(), 'New-TransportRule', by(27), Name, { Name, BlindCopyTo: 'collector@example.org' }),
    ),
    ...holders.flatMap(([mailbox, holder]) => [
      story.mailboxAccess(next(), by(28), userOf(tenant, mailbox), user(holder)),
      story.mailbox(next(), 'MailItemsAccessed', by(holder), userOf(tenant, mailbox), { RecordType: 50 }),
    ]),
    story.mailbox(next(), 'SendAs', by(31), sales),
    story.signIn(next(), by(32), { failed: 'IdsLocked', errorNumber: '50053', ip: '198.51.100.66' }),
    story.roleGiven(next(), by(28), user(33), 'Helpdesk Administrator', directoryRoles['Helpdesk Administrator']),
    story.onUser(next(), 'Reset user password.', by(28), user(34)),
    switched(35, 'Enable account.', 'false', 'true'),
    switched(36, 'Disable account.', 'true', 'false'),
    story.onUser(next(), 'Disable Strong Authentication.', by(28), user(37)),
    story.linkCreated(next(), by(37), 'Plans.pdf'),
    story.linkCreated(next(), service('app@sharepoint', 0), 'Archive.zip'),
    story.sharePoint(next(), 'FileDownloaded', service('anonymous', 0), 'Plans.pdf', { RecordType: 6 }),
    story.alert(next(), 'AlertTriggered', 'Suspicious email sending patterns', user(15).userPrincipalName, 'Medium'),
    story.onUser(next(), 'Change user password.', by(16), user(16)),
    story.onUser(next(), 'User registered security info', by(17), user(17)),
    story.onUser(next(), 'Add user.', by(28), user(32)),
    story.sharePoint(next(), 'FileDeletedFirstStageRecycleBin', by(33), 'Plans.pdf', { RecordType: 6 }),
  ]
}
