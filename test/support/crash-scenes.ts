/** Every remediation in a tenant of its own, as an operator asks for it: what is there before, and how it is told that it is done. */
import { setTimeout as sleep } from 'node:timers/promises'
import { aRegisteredApp } from '../../simulator/apps.ts'
import {
  anApplication,
  aTenant,
  mailboxOfUser,
  type PersonDraft,
  person,
  userOf,
  withApp,
} from '../../simulator/builders.ts'
import { guid } from '../../simulator/ids.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { withMailboxPermission } from '../../simulator/mailbox-access.ts'
import { aTeam, aTeamsApp, installTeamsApp } from '../../simulator/teams.ts'
import { aTransportRule } from '../../simulator/transport-rules.ts'
import type { Tenant, World } from '../../simulator/world.ts'
import { roles, type Services } from '../../src/context.ts'
import { eventById } from '../../src/db/events.ts'
import { introduceFeeds } from '../../src/db/feed.ts'
import { newId } from '../../src/db/ids.ts'
import { upsertOperator } from '../../src/db/operators.ts'
import { storeRecords } from '../../src/db/records.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { scopedId } from '../../src/resolvers/global-ids.ts'
import type { SecurityEventType, SubjectCandidate } from '../../src/services/events/types.ts'
import { feedContentTypes } from '../../src/services/feed/types.ts'
import { aMailboxCalled, anAccess, anApp, aRuleIn, aTeamsAppAt, aTransportRuleCalled } from './candidates.ts'
import type { GatewayProcess } from './gateway-processes.ts'
import type { TestMicrosoft } from './microsoft.ts'
import { everyDelegatedPermission, everyPermission } from './remediations.ts'

const operators = ['Olga', 'Otto'] as const
export const delegatedPermissions = [...everyDelegatedPermission, 'Directory.AccessAsUser.All']
export const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: roles,
  permissions: everyPermission,
  delegated: delegatedPermissions,
})

const longAgo = '2025-03-03T08:00:00Z'
const pia = person('Pia', { roles: ['Privileged Authentication Administrator'] })
const ada = (options: Parameters<typeof person>[1] = {}) =>
  person('Ada', {
    signInSessionsValidFromDateTime: longAgo,
    lastPasswordChangeDateTime: longAgo,
    ...structuredClone(options),
  })
const rules = ['Invoices', 'News'].map((displayName) => anInboxRule({ displayName, actions: { delete: true } }))
const poll = aTeamsApp('Poll')

const isDoneOf: Record<string, (tenant: Tenant, world: World) => boolean> = {
  DISABLE_USER: (tenant) => !userOf(tenant, 'Ada').accountEnabled,
  REVOKE_SESSIONS: (tenant) => userOf(tenant, 'Ada').signInSessionsValidFromDateTime !== longAgo,
  REMOVE_MAIL_FORWARDING: (tenant) => mailboxOfUser(tenant, 'Ada').forwardingSmtpAddress === null,
  DISABLE_INBOX_RULES: (tenant) => mailboxOfUser(tenant, 'Ada').inboxRules.every(({ isEnabled }) => !isEnabled),
  RESET_PASSWORD: (tenant) => userOf(tenant, 'Ada').lastPasswordChangeDateTime !== longAgo,
  REMOVE_APP: (tenant, world) =>
    ![...tenant.servicePrincipals, ...world.applications].some(({ appId }) => appId === intranetOf(tenant).appId),
  REMOVE_TEAMS_APP: (tenant) => tenant.teamsInstallations.length === 0,
  REMOVE_INBOX_RULE: (tenant) =>
    !mailboxOfUser(tenant, 'Ada').inboxRules.some(({ displayName }) => displayName === 'Invoices'),
  REMOVE_MAILBOX_FORWARDING: (tenant) => mailboxOfUser(tenant, 'Ada').forwardingSmtpAddress === null,
  REMOVE_TRANSPORT_RULE: (tenant) => tenant.transportRules.length === 0,
  REMOVE_MAILBOX_ACCESS: (tenant) => tenant.mailboxPermissions.length === 0,
}

const intranetOf = ({ id }: Pick<Tenant, 'id'>) => {
  const displayName = `Intranet of ${id}`
  return { displayName, appId: guid('application', displayName) }
}
const ofAda = (tenant: Tenant) => userOf(tenant, 'Ada').userPrincipalName
const asUser = (tenant: Tenant): SubjectCandidate => {
  const { id: objectId, userPrincipalName, displayName } = userOf(tenant, 'Ada')
  const aliases = [`oid:${objectId}`, `upn:${userPrincipalName.toLowerCase()}`]
  return { type: 'USER', role: 'ACTOR', aliases, attributes: { objectId, userPrincipalName, displayName } }
}

export interface Script {
  name: string
  mutation: string
  /** Of `blockUser`; null: the subject decides. */
  actions: readonly string[] | null
  people: readonly PersonDraft[]
  change?(tenant: Tenant, world: World): void
  type: SecurityEventType
  about(tenant: Tenant): SubjectCandidate
  /** An administrator's sign-in is held. */
  signedIn?: boolean
  /** Lasts as long as the password's: asked on screen and by mail. */
  makesPassword?: boolean
}

const wholeUser = {
  mailbox: {
    forwardingSmtpAddress: 'smtp:out@example.net',
    deliverToMailboxAndForward: true,
    inboxRules: rules,
  },
}

/** A1 to A11. */
export const scripts: readonly [Script, Script, Script, Script, ...Script[]] = [
  {
    name: 'blockUser with all that it can do',
    mutation: 'blockUser',
    actions: ['DISABLE_USER', 'REVOKE_SESSIONS', 'REMOVE_MAIL_FORWARDING', 'DISABLE_INBOX_RULES', 'RESET_PASSWORD'],
    people: [ada(wholeUser), pia],
    type: 'USER_ACTIVITY',
    about: asUser,
    signedIn: true,
    makesPassword: true,
  },
  {
    name: 'blockUser on a Global Administrator',
    mutation: 'blockUser',
    actions: ['DISABLE_USER'],
    people: [ada({ roles: ['Global Administrator'] }), person('Gus', { roles: ['Global Administrator'] }), pia],
    type: 'USER_ACTIVITY',
    about: asUser,
    signedIn: true,
  },
  {
    name: 'a password that is written back on premises',
    mutation: 'blockUser',
    actions: ['RESET_PASSWORD'],
    people: [ada({ synchronised: true, passwordWriteback: 'on' }), pia],
    type: 'USER_ACTIVITY',
    about: asUser,
    signedIn: true,
    makesPassword: true,
  },
  {
    name: 'removeApp',
    mutation: 'removeApp',
    actions: null,
    people: [ada()],
    change: (tenant, world) => {
      aRegisteredApp(world, tenant, intranetOf(tenant).displayName)
    },
    type: 'USER_CONSENTED_TO_APP',
    about: (tenant) => anApp({ appId: intranetOf(tenant).appId }),
  },
  {
    name: 'removeApp on an app in Teams',
    mutation: 'removeApp',
    actions: null,
    people: [ada()],
    change: (tenant) => installTeamsApp(tenant, poll, 'TEAM', aTeam(tenant, 'Marketing')),
    type: 'TEAMS_APP_INSTALLED',
    about: (tenant) =>
      aTeamsAppAt({ teamsAppId: poll.teamsApp.id, scope: 'TEAM', scopeId: tenant.groups[0]?.id ?? '' }),
  },
  {
    name: 'removeInboxRule',
    mutation: 'removeInboxRule',
    actions: null,
    people: [ada(wholeUser)],
    type: 'SUSPICIOUS_INBOX_RULE',
    about: (tenant) => aRuleIn(ofAda(tenant), { name: 'Invoices', definition: { DeleteMessage: 'True' } }),
  },
  {
    name: 'removeMailboxForwarding',
    mutation: 'removeMailboxForwarding',
    actions: null,
    people: [ada(wholeUser)],
    type: 'EXTERNAL_MAIL_FORWARDING',
    about: (tenant) => aMailboxCalled(ofAda(tenant)),
  },
  {
    name: 'removeTransportRule',
    mutation: 'removeTransportRule',
    actions: null,
    people: [ada()],
    change: (tenant) => {
      tenant.transportRules = [aTransportRule({ Name: 'Copies', BlindCopyTo: ['out@example.net'] })]
    },
    type: 'EXTERNAL_MAIL_FORWARDING',
    about: () => aTransportRuleCalled({ name: 'Copies', definition: { BlindCopyTo: 'out@example.net' } }),
  },
  {
    name: 'removeMailboxAccess',
    mutation: 'removeMailboxAccess',
    actions: null,
    people: [ada(), pia],
    change: (tenant) => withMailboxPermission(tenant, 'Ada', 'Pia'),
    type: 'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER',
    about: (tenant) => anAccess(ofAda(tenant), userOf(tenant, 'Pia').userPrincipalName),
  },
]

/** What a mutation answered. */
export interface Outcome {
  __typename: string
  id?: string
  status?: string
  temporaryPassword?: string | null
  steps?: { kind: string; state: string; code: string | null }[]
  code?: string
  message?: string
}

export interface CrashScene {
  script: Script
  tenant: Tenant
  /** Where the operator gets the password. */
  email: string
  isDone(kind: string): boolean
  /** How often Ada's password was set. */
  passwordsSet(): number
  /** The mutation, always with the same key. Rejects when the process dies before its answer. */
  ask(
    gateway: GatewayProcess,
    options?: { key?: string; as?: (typeof operators)[number]; actions?: readonly string[] | null },
  ): Promise<Outcome>
}

export interface CrashSurroundings {
  microsoft: TestMicrosoft
  services: Services
  /** Through which sign-ins are taken up. */
  gateway: GatewayProcess
}

export async function aCrashScene(
  script: Script,
  number: number,
  { microsoft, services, gateway }: CrashSurroundings,
): Promise<CrashScene> {
  const tenant = aTenant({
    id: guid('tenant', 'Contoso', String(number)),
    name: `Contoso ${number}`,
    people: [...operators.map((name) => person(name)), ...structuredClone([...script.people])],
  })
  withApp(tenant, application, {
    delegated: delegatedPermissions,
    roles: ['Exchange Administrator'],
    people: Object.fromEntries(operators.map((name) => [name, roles])),
  })
  script.change?.(tenant, microsoft.world)
  microsoft.world.tenants.push(tenant)
  const { db } = services
  await db.withTenants([tenant.id], (tx) =>
    upsertTenant(tx, { id: tenant.id, name: tenant.displayName, status: 'CONNECTED' }),
  )
  // Their turn is tomorrow: workers have only runs to look after.
  const tomorrow = new Date(Date.now() + 86_400_000)
  await db.withTenants([tenant.id], (tx) => introduceFeeds(tx, feedContentTypes, tomorrow))
  const target = await anEvent(services, tenant, script)
  const token = (name: string) => microsoft.token({ tenantId: tenant.id, userId: userOf(tenant, name).id })
  // The tenant's id in it tells whose mail it is.
  const email = `olga@${tenant.id}.example.com`
  if (script.makesPassword) {
    await db.plain((tx) =>
      upsertOperator(tx, {
        kind: 'PERSON',
        tenantId: tenant.id,
        externalId: userOf(tenant, 'Olga').id,
        displayName: 'Olga',
        email,
      }),
    )
  }
  if (script.signedIn) {
    const input = { tenantId: tenant.id, accessToken: token('Pia') }
    for (let tries = 1; ; tries += 1) {
      const { data, errors } = await gateway.graphql(openSession, { input }, token('Olga'))
      if (data?.openPrivilegedSession?.roles) break
      // A machine under load may take longer than the gateway waits.
      if (tries === 10) throw new Error(`No sign-in: ${JSON.stringify({ data, errors })}`)
      await sleep(500)
    }
  }
  const ownKey = crypto.randomUUID()
  return {
    script,
    tenant,
    email,
    passwordsSet: countPasswords(tenant),
    isDone: (kind) => isDoneOf[kind]?.(tenant, microsoft.world) ?? false,
    async ask(process, { key = ownKey, as = 'Olga', actions = script.actions } = {}) {
      const input = {
        ...target,
        idempotencyKey: key,
        ...(actions && { actions }),
        ...(script.makesPassword && { passwordDelivery: { onScreen: true, emailMe: true } }),
      }
      const { data, errors } = await process.graphql(documentOf(script.mutation), { input }, token(as))
      const outcome = data?.[script.mutation]
      if (!outcome) throw new Error(JSON.stringify(errors))
      return outcome
    },
  }
}

function countPasswords(tenant: Tenant): () => number {
  const user = userOf(tenant, 'Ada')
  let password = user.password
  let count = 0
  Object.defineProperty(user, 'password', {
    enumerable: true,
    get: () => password,
    set(value: string) {
      password = value
      count += 1
    },
  })
  return () => count
}

/** Stored as an import would. */
async function anEvent({ db }: Services, tenant: Tenant, script: Script) {
  const id = newId(new Date())
  const event = await db.withTenants([tenant.id], async (tx) => {
    await storeRecords(tx, tenant.id, [
      {
        id,
        recordId: id,
        event: {
          id,
          type: script.type,
          severity: 'LOW',
          title: 'Something happened',
          description: 'Something happened.',
          occurredAt: new Date(),
          techniques: [],
          reasons: [],
          source: 'IMPORT',
          actionKey: null,
          rank: 0,
          subjects: [script.about(tenant)],
        },
      },
    ])
    return eventById(tx, tenant.id, id)
  })
  return {
    eventId: scopedId('SecurityEvent', tenant.id, id),
    subjectId: scopedId('Subject', tenant.id, event?.subjects[0]?.id ?? ''),
  }
}

const openSession = `mutation ($input: OpenPrivilegedSessionInput!) { openPrivilegedSession(input: $input) { __typename
  ... on PrivilegedSession { roles } ... on Refusal { code message } } }`
const documentOf = (mutation: string) =>
  `mutation ($input: ${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { __typename
    ... on RemediationRun { id status temporaryPassword steps { kind state code } }
    ... on Refusal { code message } ... on InvalidInputError { issues { path message } } } }`
