/** What stands still or goes away in the middle of runs, other than the process itself: PostgreSQL, Microsoft 365, and an end that is asked for. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { pageOfAuditEntries } from '../../src/db/audit.ts'
import { scripts } from '../support/crash-scenes.ts'
import { aCrashWorld, type Case, type CrashWorld } from '../support/crash-world.ts'
import type { GatewayProcess } from '../support/gateway-processes.ts'
import { quickRuns } from '../support/quick-timing.ts'
import { seeded } from '../support/seeded.ts'

const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const chance = seeded(Number(process.env['TOURNIQUET_SEED'] ?? 1))

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

/** Revokes sessions, as often as one likes, and disables the user. */
const twoSteps = { ...scripts[0], actions: ['DISABLE_USER', 'REVOKE_SESSIONS'], signedIn: false, makesPassword: false }
const revoking = { ...twoSteps, actions: ['REVOKE_SESSIONS'] }

let world: CrashWorld
/** On the wire to the database. */
let gateway: GatewayProcess
beforeAll(async () => {
  world = await aCrashWorld(['test/support/hasty-gateway.ts'])
  gateway = await world.aDoomedGateway()
  world.workers('DATABASE')
})
afterAll(() => world?.close())

/** What the run waits for from its commit on, when nothing goes wrong. */
async function awaitsOf(script: Case['script']): Promise<string[]> {
  const scene = await world.aScene(script)
  const watch = world.crossings.watch(scene.tenant.id)
  expect(await scene.ask(gateway)).toMatchObject({ status: 'SUCCEEDED' })
  watch.end()
  return watch.crossed
}

/** Every statement from the commit on, before it and before its answer. */
async function statementsOf(script: Case['script']): Promise<Case[]> {
  const crossed = await awaitsOf(script)
  const first = crossed.findIndex((what) => what.includes('insert into remediation_run'))
  return crossed.flatMap((what, index) =>
    index >= first && what.startsWith('SQL')
      ? (['BEFORE', 'AFTER'] as const).map((side) => ({ script, point: { index, side }, fault: null }))
      : [],
  )
}

const sampleOf = (cases: readonly Case[], count: number): Case[] =>
  isSoak
    ? [...cases]
    : Array.from({ length: count }, () => cases[chance.whole(0, cases.length - 1)]).flatMap((one) => one ?? [])

const answersAgain = () =>
  vi.waitFor(async () => expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200), {
    timeout: 60_000,
    interval: 200,
  })

test('PostgreSQL is gone at a statement, whichever it is: nothing is sent without its intent, and nothing is told twice', async () => {
  const cases = sampleOf(await statementsOf(twoSteps), 12)
  const crashed = await world.crash(cases, gateway, async () => {
    world.wire.cut()
    await sleep(1_000)
    world.wire.mend()
  })
  expect(crashed.filter(({ stoppedAt }) => stoppedAt).length).toBeGreaterThan(cases.length / 2)
  await world.settle(crashed)
  await answersAgain()
  expect(await awaitsOf(revoking)).not.toHaveLength(0)
})

test('PostgreSQL does not answer any more: what waits for it ends, and the same process works on when it is back', async () => {
  const cases = sampleOf(await statementsOf(twoSteps), 4).slice(0, 12)
  const began = performance.now()
  let waited = 0
  const crashed = await world.crash(cases, gateway, async () => {
    world.wire.silence()
    const [bystander] = await Promise.all([fetch(`${gateway.url}/health/ready`)])
    waited = performance.now() - began
    expect(bystander.status).toBe(503)
    world.wire.mend()
  })
  expect(waited).toBeLessThan(60_000)
  await answersAgain()
  await world.settle(crashed)
  expect(await awaitsOf(revoking)).not.toHaveLength(0)
})

test('a transaction that its process does not go on with is ended, and what it locked is free', async () => {
  const scene = await world.aScene(revoking)
  const crossed = await awaitsOf(revoking)
  const index = crossed.findIndex((what) => what.includes('audit_append_many'))
  const watch = world.crossings.watch(scene.tenant.id, { index, side: 'AFTER' })
  const asked = scene.ask(gateway).catch(() => null)
  await watch.stopped
  // The tenant's trail is locked by a transaction that stands still.
  expect(await scene.ask(world.survivor, { as: 'Otto', key: crypto.randomUUID() })).toMatchObject({
    __typename: 'RemediationRun',
    status: 'SUCCEEDED',
  })
  expect(await asked).toBeNull()
  watch.end()
})

test('Microsoft does not answer: the step ends as unknown, the next one is done, and what came of the first is found out', async () => {
  const scene = await world.aScene(twoSteps)
  const asleep = world.microsoft.fault({
    fault: 'delay',
    service: 'graph',
    mutates: true,
    tenantId: scene.tenant.id,
    args: { ms: 3_600_000 },
  })
  const answered = await scene.ask(gateway)
  expect(answered).toMatchObject({
    status: 'UNKNOWN',
    steps: [{ state: 'UNKNOWN', code: 'TIMEOUT' }, { state: 'CONFIRMED' }],
  })
  asleep.end()
  await world.settle([{ scene, answered, fault: null, stoppedAt: null, because: 'Microsoft did not answer' }])
  expect(scene.isDone('DISABLE_USER')).toBe(true)
})

test('two runs on one subject, by two processes: the second begins when the first has ended', async () => {
  const scene = await world.aScene(revoking)
  const ms = 1_000
  world.microsoft.fault({
    fault: 'delay',
    service: 'graph',
    mutates: true,
    tenantId: scene.tenant.id,
    times: 2,
    args: { ms },
  })
  const runs = await Promise.all([gateway, world.survivor].map((one) => scene.ask(one, { key: crypto.randomUUID() })))
  expect(runs).toMatchObject([{ status: 'SUCCEEDED' }, { status: 'SUCCEEDED' }])
  const page = await world.database.db.withTenants([scene.tenant.id], (tx) =>
    pageOfAuditEntries(tx, scene.tenant.id, { first: 100 }),
  )
  // The tenant's feed is read meanwhile.
  const entries = page.entries.filter(({ runId }) => runId !== null)
  const one = ['remediation.requested', 'remediation.started', 'remediation.confirmed']
  expect(entries.toReversed().map(({ name }) => name)).toEqual([...one, ...one])
  const order = entries.toReversed().map(({ runId }) => runId)
  expect(new Set(order.slice(0, 3)).size).toBe(1)
})

test('an end that is asked for in the middle of a run waits for the run and its answer', async () => {
  const scene = await world.aScene(twoSteps)
  const ending = await world.aDoomedGateway()
  const slow = world.microsoft.fault({
    fault: 'delay',
    service: 'graph',
    mutates: true,
    tenantId: scene.tenant.id,
    args: { ms: quickRuns.callDeadlineMs / 2 },
  })
  const asked = scene.ask(ending)
  await slow.struck
  const began = performance.now()
  const exited = ending.stop()
  const answered = await asked
  expect(answered).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }, { state: 'CONFIRMED' }] })
  expect(await exited).toBe(0)
  expect(performance.now() - began).toBeLessThan(30_000)
  await world.settle([{ scene, answered, fault: null, stoppedAt: null, because: 'it ended as asked' }])
})
