/** A tenant with two enabled Global Administrators, and operators who disable them on several gateway processes at about the same moment. */
import { setTimeout as sleep } from 'node:timers/promises'
import { aGroup, anApplication, aTenant, person, userOf, withApp } from '../../simulator/builders.ts'
import { directoryRoles } from '../../simulator/directory-roles.ts'
import type { Fault } from '../../simulator/engine-types.ts'
import { assignDirectoryRole } from '../../simulator/grants.ts'
import { guid } from '../../simulator/ids.ts'
import type { Tenant, User } from '../../simulator/world.ts'
import { roles, type Services } from '../../src/context.ts'
import { type AuditEntryRow, pageOfAuditEntries } from '../../src/db/audit.ts'
import { runById } from '../../src/db/runs.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { decodeId } from '../../src/resolvers/global-ids.ts'
import { importRecords } from '../../src/services/events/import.ts'
import { recoverRun } from '../../src/services/remediations/recover.ts'
import type { GatewayProcess, GatewayProcesses } from './gateway-processes.ts'
import type { TestMicrosoft } from './microsoft.ts'
import { everyDelegatedPermission, everyPermission } from './remediations.ts'
import { seeded } from './seeded.ts'

const delegated = [...everyDelegatedPermission, 'Directory.AccessAsUser.All']
export const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: roles,
  permissions: everyPermission,
  delegated,
})

export const administrators = ['Gloria', 'Gus'] as const
export type Administrator = (typeof administrators)[number]
export type Operator = 'Olga' | 'Otto'

/** How the requests of one seed lie in time, who makes them, and what goes wrong on the way. */
export interface Interleaving {
  rolesAre: 'HELD_DIRECTLY' | 'HELD_BY_GROUP' | 'HELD_BOTH_WAYS'
  /** The first request goes to this process, the second to the other. */
  firstProcess: 0 | 1
  firstTarget: Administrator
  secondAfterMs: number
  operators: readonly [Operator, Operator]
  fault: Fault | null
}

/** Every second seed has a fault, every fifth one operator for both requests; two of three have roles that a group gives. */
export function interleavingOf(seed: number): Interleaving {
  const chance = seeded(seed)
  const firstTarget = chance.oneOf(administrators)
  return {
    rolesAre: (['HELD_DIRECTLY', 'HELD_BY_GROUP', 'HELD_BOTH_WAYS'] as const)[seed % 3] ?? 'HELD_DIRECTLY',
    firstProcess: chance.oneOf([0, 1]),
    firstTarget,
    secondAfterMs: chance.oneOf([0, chance.whole(1, 60), chance.whole(60, 600)]),
    operators: seed % 5 === 0 ? ['Olga', 'Olga'] : ['Olga', 'Otto'],
    fault: seed % 2 === 0 ? faultOf(seed, chance.oneOf(administrators)) : null,
  }
}

/**
 * For seeds that run side by side while one process is killed. Every second one holds its first write up, so that it may arrive
 * after the death of its sender.
 */
export function interruptedInterleavingOf(seed: number): Interleaving & { startsAfterMs: number } {
  const chance = seeded(seed + 2_000_000)
  const interleaving = interleavingOf(seed)
  const late = (): Fault => ({
    ...writeTo(seed, interleaving.firstTarget),
    fault: 'delay',
    args: { ms: chance.whole(0, 3_000) },
  })
  return {
    ...interleaving,
    startsAfterMs: chance.whole(0, 1_500),
    fault: seed % 2 === 0 ? late() : faultOf(seed, chance.oneOf(administrators)),
  }
}

const writeTo = (seed: number, administrator: Administrator) =>
  ({ service: 'graph', method: 'PATCH', path: `^/users/${idOf(seed, administrator)}$` }) as const

const wholeHistoryMs = 3_600_000
const lists = String.raw`^/(roleManagement|groups|users\?)`

function faultOf(seed: number, administrator: Administrator): Fault {
  const chance = seeded(seed + 1_000_000)
  const write = writeTo(seed, administrator)
  return chance.oneOf<Fault>([
    { ...write, fault: 'delay', args: { ms: chance.whole(50, 2_000) } },
    { ...write, fault: 'resetAfter' },
    { ...write, fault: 'resetBefore' },
    { ...write, fault: 'throttle', args: { retryAfter: 1 } },
    { ...write, fault: 'status', args: { status: 503 } },
    { service: 'graph', path: lists, fault: 'delay', times: 3, args: { ms: chance.whole(50, 1_000) } },
    { service: 'graph', path: lists, fault: 'throttle', times: 2, args: { retryAfter: 1 } },
    // Lists lag behind for good: who decides by them alone sees both administrators enabled.
    { service: 'graph', path: lists, fault: 'stale', times: 1_000, args: { ms: wholeHistoryMs } },
    { service: 'graph', fault: 'stale', times: 40, args: { ms: chance.whole(500, 2_000) } },
  ])
}

const tenantIdOf = (seed: number) => guid('tenant', 'Contoso', String(seed))
const idOf = (seed: number, administrator: Administrator) => guid(tenantIdOf(seed), 'user', administrator)

export interface TwoAdministrators {
  tenant: Tenant
  user(administrator: Administrator): User
  enabled(): Administrator[]
  /** `blockUser` with `DISABLE_USER`, a new key unless one is given; what goes on after the answer is waited for, and found out as a worker does. */
  disable(
    process: GatewayProcess,
    operator: Operator,
    administrator: Administrator,
    idempotencyKey?: string,
    // biome-ignore lint/suspicious/noExplicitAny: tests read answers of documents that they wrote themselves
  ): Promise<any>
  audit(): Promise<AuditEntryRow[]>
  /** Whose accounts were written to, call by call. */
  writes(): Administrator[]
}

/** Each operator holds a sign-in of Pia's, who is no Global Administrator and so counts for nothing. */
export async function twoAdministrators(
  { processes: [gateway], services }: GatewayProcesses,
  microsoft: TestMicrosoft,
  seed: number,
  rolesAre: Interleaving['rolesAre'] = 'HELD_DIRECTLY',
): Promise<TwoAdministrators> {
  if (!gateway) throw new Error('There is no gateway')
  const { db } = services
  const tenant = aTenant({
    id: tenantIdOf(seed),
    name: `Contoso ${seed}`,
    people: [
      person('Olga'),
      person('Otto'),
      person('Pia', { roles: ['Privileged Authentication Administrator'] }),
      ...administrators.map((name) => person(name)),
    ],
  })
  const operatorRoles = ['Events.Read', 'Remediations.User', 'Remediations.Privileged']
  withApp(tenant, application, {
    delegated,
    roles: ['Exchange Administrator'],
    people: { Olga: operatorRoles, Otto: operatorRoles },
  })
  makeGlobalAdministrators(tenant, rolesAre)
  microsoft.world.tenants.push(tenant)
  await db.withTenants([tenant.id], (tx) =>
    upsertTenant(tx, { id: tenant.id, name: tenant.displayName, status: 'CONNECTED' }),
  )
  const since = microsoft.journal().at(-1)?.seq ?? 0
  await importRecords({ db, now: () => new Date() }, records(tenant), { source: 'IMPORT' })

  const token = (name: string) => microsoft.token({ tenantId: tenant.id, userId: userOf(tenant, name).id })
  await Promise.all(
    (['Olga', 'Otto'] as const).map(async (operator) => {
      const input = { tenantId: tenant.id, accessToken: token('Pia') }
      const { data } = await gateway.graphql(openSession, { input }, token(operator))
      if (data?.openPrivilegedSession?.roles === undefined) throw new Error(`No sign-in: ${JSON.stringify(data)}`)
    }),
  )
  const { data } = await gateway.graphql(eventsOf, { tenantIds: [tenant.id] }, token('Olga'))
  const events: { id: string; subjects: { id: string; objectId: string }[] }[] = data.securityEvents.edges.map(
    ({ node }: { node: object }) => node,
  )
  const user = (administrator: Administrator) => userOf(tenant, administrator)
  const targets = new Map(
    administrators.map((administrator) => {
      const { id } = user(administrator)
      const event = events.find(({ subjects }) => subjects.some(({ objectId }) => objectId === id))
      const subject = event?.subjects.find(({ objectId }) => objectId === id)
      if (!event || !subject) throw new Error(`No event about ${administrator}`)
      return [administrator, { eventId: event.id, subjectId: subject.id }]
    }),
  )
  return {
    tenant,
    user,
    enabled: () => administrators.filter((administrator) => user(administrator).accountEnabled),
    async disable(process, operator, administrator, idempotencyKey = crypto.randomUUID()) {
      const input = { ...targets.get(administrator), actions: ['DISABLE_USER'], idempotencyKey }
      const { data: answer, errors } = await process.graphql(blockUser, { input }, token(operator))
      if (errors.length > 0) throw new Error(JSON.stringify(errors))
      if (answer.blockUser.__typename !== 'RemediationRun') return answer.blockUser
      return settled(services, answer.blockUser.id)
    },
    audit: async () =>
      (
        await db.withTenants([tenant.id], (tx) => pageOfAuditEntries(tx, tenant.id, { first: 100 }))
      ).entries.toReversed(),
    writes: () =>
      microsoft
        .journal(since)
        .filter(({ tenantId, mutates }) => tenantId === tenant.id && mutates)
        .map(({ path }) => {
          const administrator = administrators.find((name) => path === `/users/${user(name).id}`)
          if (!administrator) throw new Error(`An unexpected write: ${path}`)
          return administrator
        }),
  }
}

/** A machine under load answers late: no outcome may depend on that. */
async function settled(services: Services, globalId: string) {
  const { tenantId = '', id = '' } = decodeId(globalId) ?? {}
  const read = () => services.db.withTenants([tenantId], (tx) => runById(tx, tenantId, id))
  for (let run = await read(); ; run = await read()) {
    if (!run) throw new Error('The run has vanished')
    if (run.endedAt) return { __typename: 'RemediationRun', id, status: run.status, steps: run.steps }
    if (run.status !== 'RUNNING') await recoverRun(services, tenantId, id)
    await sleep(50)
  }
}

function makeGlobalAdministrators(tenant: Tenant, rolesAre: Interleaving['rolesAre']): void {
  const [first, second] = administrators.map((name) => userOf(tenant, name).id)
  if (!first || !second) throw new Error('Two administrators are needed')
  const membersOfGroup = { HELD_DIRECTLY: [], HELD_BY_GROUP: [first, second], HELD_BOTH_WAYS: [second] }
  const byGroup: string[] = membersOfGroup[rolesAre]
  const role = directoryRoles['Global Administrator']
  for (const id of [first, second]) if (!byGroup.includes(id)) assignDirectoryRole(tenant, id, role)
  if (byGroup.length > 0) {
    const group = aGroup(tenant, 'Administrators', { isAssignableToRole: true, members: byGroup })
    assignDirectoryRole(tenant, group.id, role)
  }
}

/** Somebody signed in oddly: one event about each. */
async function* records(tenant: Tenant) {
  for (const [index, administrator] of administrators.entries()) {
    const { id, userPrincipalName } = userOf(tenant, administrator)
    const record = {
      Id: guid(tenant.id, 'record', administrator),
      CreationTime: '2026-03-14T15:09:26',
      Operation: 'Disable account.',
      OrganizationId: tenant.id,
      RecordType: 8,
      UserType: 0,
      UserKey: id,
      UserId: userPrincipalName,
      Workload: 'AzureActiveDirectory',
      ResultStatus: 'Success',
      ObjectId: userPrincipalName,
      Target: [
        { ID: `User_${id}`, Type: 2 },
        { ID: id, Type: 2 },
        { ID: 'User', Type: 2 },
        { ID: userPrincipalName, Type: 5 },
      ],
    }
    yield { line: index + 1, text: JSON.stringify(record) }
  }
}

/**
 * Both requests of an interleaving. Whoever is told that another run acts asks again, as a person would; what a killed process
 * never answered is null.
 */
export async function race(
  world: TwoAdministrators,
  { processes: [one, other] }: GatewayProcesses,
  { firstProcess, firstTarget, secondAfterMs, operators }: Interleaving,
  { patient }: { patient: boolean } = { patient: true },
) {
  if (!one || !other) throw new Error('Two gateways are needed')
  const gateways = firstProcess === 0 ? [one, other] : [other, one]
  const targets = firstTarget === 'Gloria' ? administrators : administrators.toReversed()
  return Promise.all(
    targets.map(async (target, index) => {
      const [gateway, operator] = [gateways[index], operators[index]]
      if (!gateway || !operator) throw new Error('Two requests are needed')
      if (index === 1) await sleep(secondAfterMs)
      for (;;) {
        const answer = await world.disable(gateway, operator, target).catch(lost)
        if (patient && answer?.__typename === 'RemediationUnavailableError') continue
        return { target, answer }
      }
    }),
  )
}

/** The process died before it answered. */
function lost(error: unknown): null {
  if (error instanceof TypeError) return null
  throw error
}

const openSession = `mutation ($input: OpenPrivilegedSessionInput!) { openPrivilegedSession(input: $input) { __typename
  ... on PrivilegedSession { roles } ... on Refusal { code message } ... on InvalidInputError { issues { path message } } } }`
const eventsOf = `query ($tenantIds: [ID!]) { securityEvents(tenantIds: $tenantIds) { edges { node { id
  subjects { ... on UserSubject { id objectId } } } } } }`
const blockUser = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename
  ... on RemediationRun { id }
  ... on Refusal { code message } ... on InvalidInputError { issues { path message } } } }`
