/** Things to act on for each remediation: tests that hold for all of them take them from here. */
import { aRegisteredApp } from '../../simulator/apps.ts'
import { aTenant, aWorld, mailboxOfUser, type PersonDraft, person, userOf } from '../../simulator/builders.ts'
import { guid } from '../../simulator/ids.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { withMailboxPermission } from '../../simulator/mailbox-access.ts'
import { aChat, aTeam, aTeamsApp, installTeamsApp } from '../../simulator/teams.ts'
import { aTransportRule } from '../../simulator/transport-rules.ts'
import type { TeamsScope, Tenant, World } from '../../simulator/world.ts'
import type { SecurityEventType, Subject, SubjectCandidate } from '../../src/services/events/types.ts'
import type { RemediationGroup, RemediationKind } from '../../src/services/remediations/types.ts'
import { aMailboxCalled, anAccess, anApp, aRuleIn, aTeamsAppAt, aTransportRuleCalled } from './candidates.ts'

export interface Target {
  group: RemediationGroup
  people: readonly PersonDraft[]
  /** What the tenant has besides its people. */
  change?(tenant: Tenant, world: World): void
  type: SecurityEventType
  /** What the event is about; a person by name. */
  subject(tenant: Tenant): string | SubjectCandidate
  /** Where a kind has more than one target. */
  variant?: string
  /** Who signs in for it; null: nobody has to. */
  signedIn: string | null
}

const pia = person('Pia', { roles: ['Privileged Authentication Administrator'] })
const onAda: Target = {
  group: 'BLOCK_USER',
  people: [
    person('Ada', { mailbox: { forwardingSmtpAddress: 'smtp:ada@example.net', inboxRules: [anInboxRule({}, 'Ada')] } }),
    pia,
  ],
  type: 'USER_ACTIVITY',
  subject: () => 'Ada',
  signedIn: null,
}
const onAnAdministrator: Target = {
  ...onAda,
  people: [person('Ada', { roles: ['User Administrator'] }), pia],
  variant: 'an administrator',
  signedIn: 'Pia',
}

const poll = aTeamsApp('Poll')
const placeOf = (tenant: Tenant, scope: TeamsScope): { id: string } =>
  ({ USER: userOf(tenant, 'Ada'), TEAM: { id: guid(tenant.id, 'group', 'Marketing') }, CHAT: tenant.chats[0] })[
    scope
  ] ?? {
    id: '',
  }
const inTeams = (scope: TeamsScope): Target => ({
  ...onAda,
  group: 'REMOVE_APP',
  variant: `in a place of the kind ${scope}`,
  type: 'TEAMS_APP_INSTALLED',
  change: (tenant) => {
    aTeam(tenant, 'Marketing')
    aChat(tenant, 'Campaign')
    installTeamsApp(tenant, poll, scope, placeOf(tenant, scope))
  },
  subject: (tenant) => aTeamsAppAt({ teamsAppId: poll.teamsApp.id, scope, scopeId: placeOf(tenant, scope).id }),
})

const targets: Record<RemediationKind, readonly Target[]> = {
  DISABLE_USER: [onAda, onAnAdministrator],
  REVOKE_SESSIONS: [onAda],
  REMOVE_MAIL_FORWARDING: [onAda],
  DISABLE_INBOX_RULES: [onAda],
  RESET_PASSWORD: [{ ...onAda, signedIn: 'Pia' }],
  REMOVE_APP: [
    {
      ...onAda,
      group: 'REMOVE_APP',
      type: 'USER_CONSENTED_TO_APP',
      change: (tenant, world) => {
        aRegisteredApp(world, tenant, 'Intranet')
      },
      subject: () => anApp({ appId: guid('application', 'Intranet') }),
    },
  ],
  REMOVE_TEAMS_APP: [inTeams('TEAM'), inTeams('CHAT'), inTeams('USER')],
  REMOVE_INBOX_RULE: [
    {
      ...onAda,
      group: 'REMOVE_INBOX_RULE',
      type: 'SUSPICIOUS_INBOX_RULE',
      subject: (tenant) =>
        aRuleIn('ada@contoso.com', {
          name: mailboxOfUser(tenant, 'Ada').inboxRules[0]?.displayName ?? '',
          definition: {},
        }),
    },
  ],
  REMOVE_MAILBOX_FORWARDING: [
    {
      ...onAda,
      group: 'REMOVE_MAILBOX_FORWARDING',
      type: 'EXTERNAL_MAIL_FORWARDING',
      subject: () => aMailboxCalled('ada@contoso.com'),
    },
  ],
  REMOVE_TRANSPORT_RULE: [
    {
      ...onAda,
      group: 'REMOVE_TRANSPORT_RULE',
      type: 'EXTERNAL_MAIL_FORWARDING',
      change: (tenant) => {
        tenant.transportRules = [aTransportRule({ Name: 'Copies', BlindCopyTo: ['out@example.net'] })]
      },
      subject: () => aTransportRuleCalled({ name: 'Copies', definition: { BlindCopyTo: 'out@example.net' } }),
    },
  ],
  REMOVE_MAILBOX_ACCESS: [
    {
      ...onAda,
      group: 'REMOVE_MAILBOX_ACCESS',
      people: [person('Accounts', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }), person('Ada')],
      type: 'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER',
      change: (tenant) => {
        withMailboxPermission(tenant, 'Accounts', 'Ada')
        // Whether the grantee is in a group that holds access is read, too.
        withMailboxPermission(tenant, 'Accounts', 'Auditors')
      },
      subject: () => anAccess('accounts@contoso.com', 'ada@contoso.com'),
    },
  ],
}

export function targetsOf(kind: RemediationKind): readonly Target[] {
  const found = targets[kind]
  if (!found) throw new Error(`test/support/targets.ts has no target for ${kind}`)
  return found
}

/** The subject that the target's event will have, before there is any: ids of a tenant follow from its name. */
export function subjectOf({ people, change, subject }: Target): Subject | undefined {
  const tenant = aTenant({ people: structuredClone([...people]) })
  change?.(tenant, aWorld())
  const candidate = subject(tenant)
  if (typeof candidate === 'string') return undefined
  const { aliases: _aliases, ...known } = candidate
  return { ...known, id: 'not stored' }
}
