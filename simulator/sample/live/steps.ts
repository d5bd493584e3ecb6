/** What somebody does with an account that is not theirs: each step changes the tenant, and answers with what the log has of it. */

import { withConsents } from '../../apps.ts'
import { placeIn } from '../../audit/teams-places.ts'
import { now } from '../../audit/trail.ts'
import { mailboxOfUser, userOf } from '../../builders.ts'
import { inboxRuleParameters } from '../../exchange/inbox-rule-object.ts'
import type { TransportRule } from '../../exchange-world.ts'
import { anInboxRule } from '../../inbox-rules.ts'
import { withMailboxPermission } from '../../mailbox-access.ts'
import { installTeamsApp } from '../../teams.ts'
import { aTransportRule } from '../../transport-rules.ts'
import type { Application, CatalogApp, InboxRule, Tenant, World } from '../../world.ts'
import { type AuditRecord, applicationTarget, modified, type Who } from '../record-forms.ts'
import type { Stories } from '../record-stories.ts'

export interface Scene {
  world: World
  tenant: Tenant
  story: Stories
  /** Whose account it is. */
  by: Who
  /** Where the thief sits. */
  ip: string
}

export type Step = (scene: Scene) => AuditRecord[]

/** Guesses, and then the password. */
export const signsIn =
  (guesses = 3): Step =>
  ({ story, by, ip }) => [
    ...Array.from({ length: guesses }, (_, index) =>
      story.signIn({ ...now, plusSeconds: index - guesses }, by, {
        failed: 'InvalidUserNameOrPassword',
        errorNumber: '50126',
        ip,
      }),
    ),
    story.signIn(now, by, { ip }),
  ]

export const consents =
  (app: Application, scopes: readonly string[]): Step =>
  ({ world, tenant, story, by }) => {
    const user = tenant.users.find(({ id }) => id === by.objectId)
    if (!world.applications.some(({ appId }) => appId === app.appId)) world.applications.push(structuredClone(app))
    withConsents(tenant, app, { consents: { [user?.displayName ?? '']: scopes } })
    return story.consent(now, by, app, scopes.join(' '))
  }

/** A rule of the mailbox whose account it is. */
export const makesRule =
  (given: Partial<InboxRule>): Step =>
  ({ tenant, story, by, ip }) => {
    const owner = ownerOf(tenant, by)
    const mailbox = mailboxOfUser(tenant, owner.displayName)
    const rule = anInboxRule({ ...given, sequence: mailbox.inboxRules.length + 1 }, owner.id, 'live')
    mailbox.inboxRules.push(rule)
    const { Name = '', ...parameters } = inboxRuleParameters(rule)
    return from(ip, [story.inboxRule(now, 'New-InboxRule', by, owner, Name, parameters)])
  }

export const forwards =
  (address: string): Step =>
  ({ tenant, story, by, ip }) => {
    const owner = ownerOf(tenant, by)
    Object.assign(mailboxOfUser(tenant, owner.displayName), {
      forwardingSmtpAddress: `smtp:${address}`,
      deliverToMailboxAndForward: true,
    })
    return from(ip, [story.forwardingSet(now, by, owner, `smtp:${address}`)])
  }

export const letsIn =
  (grantee: string, mailboxOf: string): Step =>
  ({ tenant, story, by, ip }) => {
    withMailboxPermission(tenant, mailboxOf, grantee)
    return from(ip, [story.mailboxAccess(now, by, userOf(tenant, mailboxOf), userOf(tenant, grantee))])
  }

/** Much, in a short time, of a mailbox that belongs to another. */
export const reads =
  (mailboxOf: string, items: number): Step =>
  ({ tenant, story, by, ip }) => {
    const folders = ['Inbox', 'Sent Items', 'Contracts']
    return folders.map((folder, index) =>
      story.mailbox(
        { ...now, plusSeconds: index - folders.length },
        'MailItemsAccessed',
        by,
        userOf(tenant, mailboxOf),
        {
          RecordType: 50,
          ClientIPAddress: ip,
          Folders: [{ Path: `\\${folder}` }],
          OperationCount: Math.ceil(items / folders.length),
          OperationProperties: [
            { Name: 'MailAccessType', Value: 'Bind' },
            { Name: 'IsThrottled', Value: 'False' },
          ],
        },
      ),
    )
  }

export const sends =
  (mailboxOf: string, subject: string): Step =>
  ({ tenant, story, by, ip }) => [
    story.mailbox(now, 'SendAs', by, userOf(tenant, mailboxOf), { ClientIPAddress: ip, Item: { Subject: subject } }),
  ]

export const addsTransportRule =
  (given: Partial<TransportRule> & { Name: string }, parameters: Record<string, string>): Step =>
  ({ tenant, story, by, ip }) => {
    tenant.transportRules.push(aTransportRule({ ...given, Priority: tenant.transportRules.length }, 'live'))
    const { Name } = given
    return from(ip, [story.exchangeAdmin(now, 'New-TransportRule', by, Name, { Name, ...parameters })])
  }

export const installs =
  (app: CatalogApp, scope: 'USER' | 'TEAM', place: string): Step =>
  ({ tenant, story, by }) => {
    const places = scope === 'USER' ? tenant.users : tenant.groups
    const found = places.find(({ displayName }) => displayName === place)
    if (!found) throw new Error(`${tenant.displayName} has no ${place}.`)
    const installation = installTeamsApp(tenant, app, scope, found)
    return [story.teamsApp(now, 'AppInstalled', by, installation, placeIn(tenant, installation))]
  }

/** A way back in that no new password closes. */
export const addsSecret =
  (application: string): Step =>
  ({ world, tenant, story, by, ip }) => {
    const own = world.applications.find(
      ({ displayName, homeTenantId }) => displayName === application && homeTenantId === tenant.id,
    )
    if (!own) return []
    own.secrets = [...own.secrets, `another-secret-of-${own.appId}`]
    const key = '[KeyIdentifier=7be1,KeyType=Password,KeyUsage=Verify,DisplayName=backup]'
    return [
      story.entra(now, 'Update application – Certificates and secrets management ', by, {
        objectId: 'Not Available',
        category: 'Application',
        target: applicationTarget(own),
        ip,
        modified: [modified('KeyDescription', JSON.stringify([key]), '[]')],
      }),
    ]
  }

export const changesFactors: Step = ({ tenant, story, by }) => [
  story.onUser(now, 'Update user.', by, ownerOf(tenant, by), [
    modified('StrongAuthenticationMethod', '[{"MethodType":6,"Default":true}]', '[{"MethodType":0,"Default":true}]'),
    modified('Included Updated Properties', 'StrongAuthenticationMethod'),
  ]),
]

function ownerOf(tenant: Tenant, { objectId }: Who) {
  const user = tenant.users.find(({ id }) => id === objectId)
  if (!user) throw new Error(`${tenant.displayName} has no user ${objectId}.`)
  return user
}

const from = (ip: string, records: AuditRecord[]): AuditRecord[] =>
  records.map((record) => ({ ...record, ClientIP: `${ip}:51734` }))
