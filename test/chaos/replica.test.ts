/** Two gateways under a steady load, of which one is killed or told to stop and started again, over and over: nothing accepted is lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import { roles } from '../../src/context.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { verifyTrail } from '../../src/services/audit/verify.ts'
import { importRecords } from '../../src/services/events/import.ts'
import { sweepRuns } from '../../src/services/remediations/recover.ts'
import { directoryRecord, onUser } from '../support/audit-records.ts'
import { type GatewayProcess, type GatewayProcesses, gatewayProcesses } from '../support/gateway-processes.ts'
import { aMicrosoft, type TestMicrosoft } from '../support/microsoft.ts'
import { ownerSql } from '../support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { everyPermission } from '../support/remediations.ts'
import { seeded } from '../support/seeded.ts'
import { aBalancer, atRate, type Balancer, type Reply } from '../support/steady-load.ts'

/** All of it, or a sample. `TOURNIQUET_RATE` is another number of requests a second. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const perSecond = Number(process.env['TOURNIQUET_RATE'] ?? (isSoak ? 200 : 20))
const seconds = isSoak ? 45 : 8
const interruptions = isSoak ? 3 : 1
/** Of a hundred requests. */
const mutationShare = isSoak ? 3 : 10
const users = Math.ceil(perSecond * seconds * (mutationShare / 100) * 1.5) + 5

vi.setConfig({ testTimeout: 900_000, hookTimeout: 300_000 })

const application = anApplication({ displayName: 'Tourniquet', appRoles: roles, permissions: everyPermission })
const names = Array.from({ length: users }, (_, n) => `User${n}`)
const tenantOf = (name: string) => {
  const tenant = aTenant({ name, people: [person('Ada'), ...names.map((one) => person(one))] })
  withApp(tenant, application, {
    roles: ['Exchange Administrator'],
    people: { Ada: ['Events.Read', 'Remediations.User', 'Audit.Read'] },
  })
  return tenant
}
const killed = tenantOf('Contoso')
const stopped = tenantOf('Fabrikam')

let database: TestDatabase
let microsoft: TestMicrosoft
let gateways: GatewayProcesses
beforeAll(async () => {
  database = await aDatabase()
  microsoft = await aMicrosoft(aWorld({ tenants: [killed, stopped], applications: [application] }))
  gateways = await gatewayProcesses(2, { microsoft, database, application })
  for (const tenant of [killed, stopped]) {
    await gateways.services.db.withTenants([tenant.id], (tx) =>
      upsertTenant(tx, { id: tenant.id, name: tenant.displayName, status: 'CONNECTED' }),
    )
    await importRecords(gateways.services, recordsOf(tenant), { source: 'IMPORT' })
  }
})
afterAll(async () => {
  await gateways?.close()
  await microsoft?.close()
  await database?.drop()
})

/** An event about each user. */
async function* recordsOf(tenant: typeof killed) {
  for (const [n, name] of names.entries()) {
    const { id, userPrincipalName } = userOf(tenant, name)
    const values = { ...onUser(id, userPrincipalName), OrganizationId: tenant.id, Id: `${name}-${tenant.id}` }
    yield { line: n + 1, text: JSON.stringify(directoryRecord('Reset user password.', {}, values)) }
  }
}

const documents = {
  viewer: '{ viewer { operator { displayName } } }',
  event: 'query ($id: ID!) { securityEvent(id: $id) { id title subjects { __typename } } }',
  page: 'query ($after: String) { securityEvents(first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id subjects { ... on UserSubject { id objectId } } } } } }',
  blockUser: `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename
    ... on RemediationRun { id status steps { kind state } } ... on Refusal { code message } } }`,
}

interface Target {
  eventId: string
  subjectId: string
  objectId: string
}

interface Asked {
  key: string
  objectId: string
  reply: Reply
}

/** Reads, and now and then somebody else's account is blocked: each with a key of its own. */
async function loaded(balancer: Balancer, tenant: typeof killed, seed: number) {
  const chance = seeded(seed)
  const token = microsoft.token({ tenantId: tenant.id, userId: userOf(tenant, 'Ada').id })
  const targets = await targetsOf(balancer, tenant, token)
  expect(targets.length).toBeGreaterThanOrEqual(users)
  const asked: Asked[] = []
  let next = 0
  const rate = await atRate({ perSecond, seconds }, async () => {
    const target = targets[next]
    if (chance.whole(1, 100) <= mutationShare && target) {
      next += 1
      const { eventId, subjectId, objectId } = target
      const key = `${tenant.displayName} ${next}`
      const input = { eventId, subjectId, actions: ['DISABLE_USER', 'REVOKE_SESSIONS'], idempotencyKey: key }
      asked.push({
        key,
        objectId,
        reply: await balancer.send({ query: documents.blockUser, variables: { input } }, token),
      })
      return
    }
    const { eventId } = chance.oneOf(targets as [Target, ...Target[]])
    const read = chance.oneOf([{ query: documents.viewer }, { query: documents.event, variables: { id: eventId } }])
    const { data } = await balancer.send(read, token)
    expect(data.viewer ?? data.securityEvent).not.toBeNull()
  })
  return { asked, rate }
}

async function targetsOf(balancer: Balancer, tenant: typeof killed, token: string): Promise<Target[]> {
  const targets: Target[] = []
  for (let after: string | null = null, more = true; more; ) {
    const { data }: Reply = await balancer.send({ query: documents.page, variables: { after } }, token)
    const { edges, pageInfo } = data.securityEvents
    for (const { node } of edges)
      for (const { id: subjectId, objectId } of node.subjects)
        if (names.some((name) => userOf(tenant, name).id === objectId))
          targets.push({ eventId: node.id, subjectId, objectId })
    after = pageInfo.endCursor
    more = pageInfo.hasNextPage
  }
  return targets
}

/** As a worker that comes by when the leases of the dead are over. */
async function recovered(tenantId: string): Promise<void> {
  await ownerSql(database, `update lease set expires_at = now() - interval '1 second' where tenant_id = '${tenantId}'`)
  const services = { ...gateways.services, timing: { ...gateways.services.timing, sweepAfterMs: 0, giveUpMs: 5_000 } }
  for (let left = await sweepRuns(services); left > 0; left = await sweepRuns(services)) await sleep(500)
}

/** Every request that was taken is one run that ended; what it says is so, stands in the audit, and was begun on record before. */
async function expectNothingLost(tenant: typeof killed, asked: readonly Asked[]): Promise<void> {
  const { id: tenantId } = tenant
  const runs = await ownerSql(
    database,
    `select run.idempotency_key as key, run.status, run.ended_at, step.kind, step.state, step.subject -> 'attributes' ->> 'objectId' as "objectId"
     from remediation_run run join remediation_step step on step.run_id = run.id where run.tenant_id = '${tenantId}'`,
  )
  const byKey = Map.groupBy(runs, ({ key }) => String(key))
  for (const { key, objectId, reply } of asked) {
    expect(reply.data.blockUser.__typename, `${key}: ${JSON.stringify(reply)}`).toBe('RemediationRun')
    const steps = byKey.get(key) ?? []
    expect(steps.map(({ kind }) => kind).sort(), key).toEqual(['DISABLE_USER', 'REVOKE_SESSIONS'])
    for (const step of steps) {
      expect(step, key).toMatchObject({ objectId, ended_at: expect.any(Date) })
      // Of a killed gateway what was not sent is said to be so; the account tells whether that is true.
      expect(['CONFIRMED', 'FAILED'], key).toContain(step['state'])
    }
    const disabled = steps.find(({ kind }) => kind === 'DISABLE_USER')?.['state']
    expect(microsoft.user(objectId).accountEnabled, key).toBe(disabled !== 'CONFIRMED')
  }
  expect(byKey.size).toBe(asked.length)

  const entries = await ownerSql(
    database,
    `select name, kind, run_id, subject_id, details -> 'state' as state from audit_entry where tenant_id = '${tenantId}' order by seq`,
  )
  const ofName = (...wanted: string[]) => entries.filter(({ name }) => wanted.includes(String(name)))
  expect(ofName('remediation.requested')).toHaveLength(asked.length)
  const said = ofName('remediation.confirmed', 'remediation.failed', 'remediation.settled')
  expect(new Set(said.map(({ run_id, kind }) => `${run_id} ${kind}`)).size).toBe(runs.length)
  const writes = microsoft.journal().filter((call) => call.tenantId === tenantId && call.mutates)
  expect(ofName('remediation.started').length).toBeGreaterThanOrEqual(writes.length)
  // One click, once.
  expect(new Set(writes.map(({ path }) => path)).size).toBe(writes.length)
  const { db, sealingKeys } = gateways.services
  const trail = await db.withTenants([tenantId], (tx) => verifyTrail(tx, sealingKeys, tenantId))
  expect(trail.fault).toBeNull()
}

/** Ends one gateway after the other, and has another in its place. */
async function interrupted(balancer: Balancer, end: (gateway: GatewayProcess) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < interruptions; n++) {
    await sleep((seconds * 1000) / (interruptions + 1) - 500)
    const victim = gateways.processes.shift()
    if (!victim) throw new Error('No gateway is left')
    await end(victim)
    balancer.add((await gateways.another()).url)
  }
}

const told = (what: string, balancer: Balancer, { asked, rate }: Awaited<ReturnType<typeof loaded>>) =>
  console.log(
    `${what}: ${rate.begun} requests, ${rate.perSecond.toFixed(0)} a second answered of ${perSecond}, median ${rate.medianMs} ms, p99 ${rate.p99Ms} ms, ${asked.length} runs, ${balancer.broken.length} connections died`,
  )

test('one is killed and started again: no run that was asked for is lost, and no answer is a fault', async () => {
  const balancer = aBalancer()
  for (const { url } of gateways.processes) balancer.add(url)
  const dead = new Set<string>()
  const loading = loaded(balancer, killed, 1)
  await interrupted(balancer, (gateway) => {
    dead.add(gateway.url)
    return gateway.kill()
  })
  const load = await loading
  balancer.close()
  told('Killed', balancer, load)
  expect(balancer.faults).toEqual([])
  // Only connections to the dead died.
  expect(balancer.broken.filter((one) => ![...dead].some((url) => one.startsWith(`${url}:`)))).toEqual([])
  await recovered(killed.id)
  await expectNothingLost(killed, load.asked)
  if (isSoak) expect(load.rate.perSecond).toBeGreaterThanOrEqual(perSecond * 0.9)
})

test('one is told to stop and started again: no request fails at all', async () => {
  const balancer = aBalancer()
  for (const { url } of gateways.processes) balancer.add(url)
  const loading = loaded(balancer, stopped, 2)
  const statuses: (number | null)[] = []
  await interrupted(balancer, async (gateway) => statuses.push(await gateway.stop()))
  const load = await loading
  balancer.close()
  told('Stopped', balancer, load)
  expect({ faults: balancer.faults, broken: balancer.broken }).toEqual({ faults: [], broken: [] })
  expect(statuses).toEqual(Array.from({ length: interruptions }, () => 0))
  for (const { key, reply } of load.asked) expect(reply.data.blockUser.status, key).toBe('SUCCEEDED')
  await expectNothingLost(stopped, load.asked)
})
