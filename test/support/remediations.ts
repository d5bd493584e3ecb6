/** A tenant with people, an event about one of them, and an operator who acts: the services on a real database and a simulated Microsoft 365. */
import { anApplication, aTenant, aWorld, type PersonDraft, userOf, withApp } from '../../simulator/builders.ts'
import { guid } from '../../simulator/ids.ts'
import type { Application, Tenant, User, World } from '../../simulator/world.ts'
import { createMicrosoft } from '../../src/clients/microsoft.ts'
import { type ClientTiming, clientTiming } from '../../src/clients/timing.ts'
import type { Microsoft } from '../../src/clients/types.ts'
import { type Log, type Operator, type Role, roles, type ServiceContext } from '../../src/context.ts'
import { type AuditEntryRow, pageOfAuditEntries } from '../../src/db/audit.ts'
import type { Database } from '../../src/db/connection.ts'
import { eventById, type StoredEvent } from '../../src/db/events.ts'
import { newId } from '../../src/db/ids.ts'
import { signInOperator } from '../../src/db/operators.ts'
import { storeRecords } from '../../src/db/records.ts'
import type { TenantStatus } from '../../src/db/tables.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import {
  confirmPrivilegedSignIn,
  type PrivilegedSession,
  storeWaitingSession,
} from '../../src/services/authority/privileged-session.ts'
import type { SecurityEventType, SubjectCandidate } from '../../src/services/events/types.ts'
import { createLiveEvents, liveDefaults } from '../../src/services/live/live-events.ts'
import type { PasswordDelivery } from '../../src/services/passwords/deliver.ts'
import { remediate } from '../../src/services/remediations/remediate.ts'
import type { RemediationGroup, RemediationRun } from '../../src/services/remediations/types.ts'
import { productionTiming } from '../../src/timing.ts'
import { aLog } from './log.ts'
import { aMicrosoft, type TestMicrosoft } from './microsoft.ts'
import { aDatabase } from './postgres.ts'
import { aSealingKey } from './sealing-key.ts'

export const everyPermission = [
  'User.Read.All',
  'User.EnableDisableAccount.All',
  'User.RevokeSessions.All',
  'RoleManagement.Read.Directory',
  'GroupMember.Read.All',
  'Application.Read.All',
  'Domain.Read.All',
  'Exchange.ManageAsApp',
  'Application.ReadWrite.All',
  'TeamsAppInstallation.ReadWriteForUser.All',
  'TeamsAppInstallation.ReadWriteForTeam.All',
  'TeamsAppInstallation.ReadWriteForChat.All',
  'ActivityFeed.Read',
]

export const everyDelegatedPermission = [
  'openid',
  'offline_access',
  'User.Read.All',
  'User.EnableDisableAccount.All',
  'User-PasswordProfile.ReadWrite.All',
  'UserAuthenticationMethod.ReadWrite.All',
]

export interface Scene {
  db: Database
  databaseUrl: string
  microsoft: TestMicrosoft
  tenant: Tenant
  clients: Microsoft
  person(name: string): User
  /** A stored event with these subjects; a person by name. */
  anEventAbout(...subjects: (string | SubjectCandidate)[]): Promise<StoredEvent>
  anEventOf(type: SecurityEventType, ...subjects: (string | SubjectCandidate)[]): Promise<StoredEvent>
  /** A new request of an operator; without options a person of another tenant with every role. */
  as(options?: { objectId?: string; roles?: readonly Role[]; kind?: Operator['kind'] }): Promise<ServiceContext>
  /** The administrator signs in for the operator, who takes the sign-in up. */
  signIn(ctx: ServiceContext, administrator: string): Promise<PrivilegedSession>
  audit(): Promise<AuditEntryRow[]>
  /** Calls that changed the tenant so far. */
  writes(): string[]
  /** Ends all scenes that were made together. */
  close(): Promise<void>
}

export interface SceneOptions {
  /** Of the tenant; default `Contoso`. */
  name?: string
  people: PersonDraft[]
  permissions?: readonly string[]
  delegated?: readonly string[]
  status?: TenantStatus
  /** Whether the tenant gave its consent; default true. */
  consented?: boolean
  change?(tenant: Tenant, world: World): void
}

export async function aScene(options: SceneOptions): Promise<Scene> {
  const [scene] = await someScenes([options])
  if (!scene) throw new Error('No scene')
  return scene
}

/** Tenants beside one another, in one database and one simulated Microsoft 365; `now` is the clock of our clients. */
export async function someScenes(
  each: readonly SceneOptions[],
  timing: ClientTiming = clientTiming,
  now?: () => Date,
): Promise<Scene[]> {
  const application = anApplication({
    displayName: 'Tourniquet',
    permissions: everyPermission,
    delegated: everyDelegatedPermission,
  })
  const tenants = each.map((options) => tenantOf(options, application))
  const world = aWorld({ tenants, applications: [application] })
  each.forEach(({ change }, index) => {
    const tenant = tenants[index]
    if (tenant) change?.(tenant, world)
  })
  const [microsoft, database] = await Promise.all([aMicrosoft(world), aDatabase()])
  const { db } = database
  const { log } = aLog()
  const clients = createMicrosoft({
    clientId: application.appId,
    credential: { secret: application.secrets[0] ?? '' },
    entraUrl: microsoft.url,
    graphUrl: microsoft.url,
    exchangeUrl: microsoft.url,
    managementUrl: microsoft.url,
    timing,
    log,
    ...(now && { now }),
  })
  const close = async () => {
    await clients.close()
    await microsoft.close()
    await database.drop()
  }
  const shared = { db, databaseUrl: database.url, microsoft, clients, application, log, close }
  return Promise.all(
    each.map((options, index) => {
      const tenant = tenants[index]
      if (!tenant) throw new Error('No tenant')
      return sceneIn(tenant, options, shared)
    }),
  )
}

function tenantOf(options: SceneOptions, application: Application): Tenant {
  const tenant = aTenant({ name: options.name ?? 'Contoso', people: options.people })
  if (options.consented !== false)
    withApp(tenant, application, {
      roles: ['Exchange Administrator'],
      delegated: options.delegated ?? everyDelegatedPermission,
      ...(options.permissions && { permissions: options.permissions }),
    })
  return tenant
}

type Shared = Pick<Scene, 'db' | 'databaseUrl' | 'microsoft' | 'clients' | 'close'> & {
  application: Application
  log: Log
}

async function sceneIn(tenant: Tenant, options: SceneOptions, shared: Shared): Promise<Scene> {
  const { db, databaseUrl, microsoft, clients, application, log, close } = shared
  await db.withTenants([tenant.id], (tx) =>
    upsertTenant(tx, { id: tenant.id, name: tenant.displayName, status: options.status ?? 'CONNECTED' }),
  )
  const sealingKeys = [aSealingKey()]

  const anEventOf: Scene['anEventOf'] = async (type, ...subjects) => {
    const id = newId(new Date())
    const candidates = subjects.map((subject): SubjectCandidate => {
      if (typeof subject !== 'string') return subject
      const { id: objectId, userPrincipalName, displayName } = userOf(tenant, subject)
      return {
        type: 'USER',
        role: 'ACTOR',
        aliases: [`oid:${objectId}`, `upn:${userPrincipalName.toLowerCase()}`],
        attributes: { objectId, userPrincipalName, displayName },
      }
    })
    const event = await db.withTenants([tenant.id], async (tx) => {
      await storeRecords(tx, tenant.id, [
        {
          id,
          recordId: id,
          event: {
            id,
            type,
            severity: 'LOW',
            title: 'Something happened',
            description: 'Something happened.',
            occurredAt: new Date(),
            techniques: [],
            reasons: [],
            source: 'IMPORT',
            actionKey: null,
            rank: 0,
            subjects: candidates,
          },
        },
      ])
      return eventById(tx, tenant.id, id)
    })
    if (!event) throw new Error('The event was not stored')
    return event
  }

  return {
    db,
    databaseUrl,
    microsoft,
    tenant,
    clients,
    person: (name) => userOf(tenant, name),
    anEventAbout: (...subjects) => anEventOf('USER_ACTIVITY', ...subjects),
    anEventOf,
    async as({ objectId = guid('operator'), roles: held = roles, kind = 'PERSON' } = {}) {
      const tenantId = userIds(tenant).includes(objectId) ? tenant.id : guid('tenant', 'operators')
      const access = accessTo(tenant.id, held)
      const { operator } = await db.plain((tx) =>
        signInOperator(tx, {
          kind,
          tenantId: kind === 'API_KEY' ? null : tenantId,
          externalId: objectId,
          displayName: 'Olga',
        }),
      )
      return {
        db,
        microsoft: clients,
        mail: null,
        log,
        now: () => new Date(),
        timing: productionTiming,
        publicUrl: 'http://127.0.0.1:4000',
        supportEmail: 'support@example.com',
        clientId: application.appId,
        entraPortalUrl: 'https://entra.example.com',
        entraUrl: microsoft.url,
        sealingKeys,
        requestId: newId(new Date()),
        operator: {
          id: operator.id,
          kind,
          displayName: operator.displayName,
          tenantId: kind === 'API_KEY' ? null : tenantId,
          objectId: kind === 'API_KEY' ? null : objectId,
          email: null,
        },
        access,
        session: clients.session(),
        memo: new Map(),
        live: { events: createLiveEvents({ db, log }, liveDefaults), currentAccess: async () => access },
      }
    },
    async signIn(ctx, administrator) {
      const { id, displayName, userPrincipalName } = userOf(tenant, administrator)
      const audience = 'https://graph.microsoft.com'
      const { code } = await db.withTenants([tenant.id], (tx) =>
        storeWaitingSession(ctx, tx, {
          operator: ctx.operator,
          tenantId: tenant.id,
          signedIn: {
            tenantId: tenant.id,
            objectId: id,
            homeTenantId: tenant.id,
            homeObjectId: id,
            displayName,
            userPrincipalName,
            scopes: [],
            accessToken: microsoft.token({ tenantId: tenant.id, userId: id, audience, appId: application.appId }),
            expiresAt: new Date(Date.now() + 3_600_000),
          },
          roles: tenant.roleAssignments.filter((row) => row.principalId === id).map((row) => row.roleDefinitionId),
        }),
      )
      return confirmPrivilegedSignIn(ctx, { tenantId: tenant.id, code })
    },
    audit: async () =>
      (
        await db.withTenants([tenant.id], (tx) => pageOfAuditEntries(tx, tenant.id, { first: 100 }))
      ).entries.toReversed(),
    writes: () =>
      microsoft
        .journal()
        .filter(({ mutates, tenantId }) => mutates && tenantId === tenant.id)
        .map(({ method, path }) => `${method} ${path}`),
    close,
  }
}

const userIds = (tenant: Tenant): string[] => tenant.users.map(({ id }) => id)

const accessTo = (tenantId: string, held: readonly Role[]): ServiceContext['access'] => ({
  tenantIds: [tenantId],
  can: (id, role) => id === tenantId && held.includes(role),
  rolesIn: (id) => (id === tenantId ? held : []),
})

/** `blockUser` on the first subject of the event, with a key of its own unless one is given. */
export const block = (
  ctx: ServiceContext,
  event: StoredEvent,
  actions: readonly string[] = ['DISABLE_USER', 'REVOKE_SESSIONS'],
  key?: string,
  passwordDelivery: PasswordDelivery | null = null,
): Promise<RemediationRun> =>
  remediate(ctx, {
    group: 'BLOCK_USER',
    tenantId: event.tenantId,
    eventId: event.id,
    subjectId: event.subjects[0]?.id ?? '',
    actions,
    idempotencyKey: key ?? crypto.randomUUID(),
    passwordDelivery,
  })

/** A mutation without named actions, such as `removeApp`, on the first subject of the event. */
export const remove = (
  ctx: ServiceContext,
  event: StoredEvent,
  group: RemediationGroup,
  key: string = crypto.randomUUID(),
): Promise<RemediationRun> =>
  remediate(ctx, {
    group,
    tenantId: event.tenantId,
    eventId: event.id,
    subjectId: event.subjects[0]?.id ?? '',
    actions: null,
    idempotencyKey: key,
  })
