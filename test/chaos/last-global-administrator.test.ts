/**
 * B13 under races: gateway processes that share one database and one Microsoft 365, which would let the last Global
 * Administrator be disabled: only the gateway stands in the way.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { aWorld } from '../../simulator/builders.ts'
import type { User } from '../../simulator/world.ts'
import { sweepRuns } from '../../src/services/remediations/recover.ts'
import { type GatewayProcesses, gatewayProcesses } from '../support/gateway-processes.ts'
import { aMicrosoft, type TestMicrosoft } from '../support/microsoft.ts'
import { ownerSql } from '../support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { seeded } from '../support/seeded.ts'
import {
  administrators,
  application,
  interleavingOf,
  interruptedInterleavingOf,
  race,
  type TwoAdministrators,
  twoAdministrators,
} from '../support/two-administrators.ts'

/** All of it, or a sample. One alone: `-t 'seed 17:'`, `-t 'round 2:'`. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const seeds = upTo(isSoak ? 160 : 30)
const rounds = upTo(isSoak ? 4 : 1)
const seedsOfARound = 10

vi.setConfig({ maxConcurrency: 8, testTimeout: 600_000, hookTimeout: 300_000 })

let database: TestDatabase
let microsoft: TestMicrosoft
let gateways: GatewayProcesses
beforeAll(async () => {
  database = await aDatabase()
  microsoft = await aMicrosoft(
    aWorld({ applications: [application], switches: { lastGlobalAdministratorCanBeDisabled: true } }),
  )
  gateways = await gatewayProcesses(2, { microsoft, database, application })
})
afterAll(async () => {
  await gateways?.close()
  await microsoft?.close()
  await database?.drop()
})

const auditNames = async (world: TwoAdministrators) =>
  (await world.audit()).map(({ name }) => name).filter((name) => name.startsWith('remediation.'))

/** Confirmed by the run, or by the worker that found it out. */
const outcomeNames = ['remediation.confirmed', 'remediation.settled']

const refusals = async (world: TwoAdministrators) =>
  (await world.audit()).filter(({ name }) => name === 'remediation.refused').map(({ details }) => details['code'])

async function untilStarted(world: TwoAdministrators): Promise<void> {
  while (!(await auditNames(world)).includes('remediation.started')) await sleep(20)
}

const lateWrite = (world: TwoAdministrators, ms: number) => {
  const path = `^/users/${world.user('Gloria').id}$`
  return { fault: 'delay', method: 'PATCH', path, tenantId: world.tenant.id, args: { ms } } as const
}

/** The dead run's leases are still held when the survivor asks. */
const afterAKill = ['RemediationRun', 'LastGlobalAdministratorError', 'RemediationUnavailableError']

/** Every run has ended, a step is confirmed if and only if the account is disabled, and each write had its intent on record. */
async function expectTruth(world: TwoAdministrators, stored: TestDatabase, because: string): Promise<void> {
  const steps = await ownerSql(
    stored,
    `select status, run.ended_at, state, subject -> 'attributes' ->> 'objectId' as "objectId" from remediation_run run
     join remediation_step step on step.run_id = run.id where run.tenant_id = '${world.tenant.id}'`,
  )
  for (const { status, ended_at } of steps) {
    expect(['SUCCEEDED', 'FAILED'], because).toContain(status)
    expect(ended_at, because).not.toBeNull()
  }
  for (const administrator of administrators) {
    const { id, accountEnabled } = world.user(administrator)
    const states = steps.filter(({ objectId }) => objectId === id).map(({ state }) => state)
    expect(states.includes('CONFIRMED'), because).toBe(!accountEnabled)
  }
  const started = (await auditNames(world)).filter((name) => name === 'remediation.started')
  expect(started.length, because).toBeGreaterThanOrEqual(new Set(world.writes()).size)
}

function replicas() {
  const [first, second] = gateways.processes
  if (!first || !second) throw new Error('Two gateways are needed')
  return { first, second }
}

describe.concurrent('two Global Administrators are left, and both are disabled at about the same moment', () => {
  test.for(seeds)('B13, B21 seed %i: exactly one stays enabled, and each request is told', async (seed) => {
    const interleaving = interleavingOf(seed)
    const world = await twoAdministrators(gateways, microsoft, seed, interleaving.rolesAre)
    if (interleaving.fault) microsoft.fault({ ...interleaving.fault, tenantId: world.tenant.id })
    const outcomes = await race(world, gateways, interleaving)

    const because = JSON.stringify({ interleaving, outcomes })
    const [run, refused] = outcomes.toSorted((one) => (one.answer?.__typename === 'RemediationRun' ? -1 : 1))
    expect(run?.answer, because).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }] })
    expect(refused?.answer, because).toMatchObject({ __typename: 'LastGlobalAdministratorError' })
    expect(world.enabled(), because).toEqual([refused?.target])
    expect(new Set(world.writes()), because).toEqual(new Set([run?.target]))
    const names = await auditNames(world)
    expect(names.slice(0, 2), because).toEqual(['remediation.requested', 'remediation.started'])
    expect(
      names.filter((name) => outcomeNames.includes(name)),
      because,
    ).toHaveLength(1)
    expect(
      (await refusals(world)).filter((code) => code !== 'REMEDIATION_UNAVAILABLE'),
      because,
    ).toEqual(['LAST_GLOBAL_ADMINISTRATOR'])
  })

  test.for(rounds)('B13 round %i: a process is killed in the middle, and no run is lost', async (round) => {
    const own = await aDatabase()
    const pair = await gatewayProcesses(2, { microsoft, database: own, application })
    try {
      const chance = seeded(round)
      const doomed = chance.oneOf([0, 1])
      const [dying, survivor] = doomed === 0 ? pair.processes : pair.processes.toReversed()
      if (!dying || !survivor) throw new Error('Two gateways are needed')
      const firstSeed = 10_000 * round
      // One run whose write is under way for certain when its process dies.
      const anchor = await twoAdministrators(pair, microsoft, firstSeed)
      microsoft.fault(lateWrite(anchor, 20_000))
      const scenes = await Promise.all(
        upTo(seedsOfARound - 1).map(async (index) => {
          const interleaving = interruptedInterleavingOf(firstSeed + index)
          const world = await twoAdministrators(pair, microsoft, firstSeed + index, interleaving.rolesAre)
          if (interleaving.fault) microsoft.fault({ ...interleaving.fault, tenantId: world.tenant.id })
          return { world, interleaving }
        }),
      )
      const racing = scenes.map(async ({ world, interleaving }) => {
        await sleep(interleaving.startsAfterMs)
        return { world, interleaving, outcomes: await race(world, pair, interleaving, { patient: false }) }
      })
      const lost = anchor.disable(dying, 'Olga', 'Gloria').catch(() => null)
      await untilStarted(anchor)
      await sleep(chance.whole(0, 1_000))
      await dying.kill()
      expect(await lost).toBeNull()
      expect(afterAKill).toContain((await anchor.disable(survivor, 'Otto', 'Gus')).__typename)
      const raced = await Promise.all(racing)
      // A worker comes by when leases and the time for finding out are over.
      const later = () => new Date(Date.now() + 11 * 60_000)
      while (anchor.enabled().length === 2) await sleep(200)
      while ((await sweepRuns({ ...pair.services, now: later })) > 0) await sleep(200)

      await expectTruth(anchor, own, 'the run that was under way')
      expect(await auditNames(anchor)).toContain('remediation.settled')
      expect(anchor.enabled()).toEqual(['Gus'])
      for (const { world, interleaving, outcomes } of raced) {
        const because = JSON.stringify({ interleaving, outcomes })
        expect(world.enabled().length, because).toBeGreaterThanOrEqual(1)
        await expectTruth(world, own, because)
        for (const { answer } of outcomes.filter((outcome) => outcome.answer !== null)) {
          expect(afterAKill, because).toContain(answer.__typename)
        }
      }
    } finally {
      await pair.close()
      await own.drop()
    }
  })

  test.runIf(isSoak)('B13 a disable whose answer never comes counts as done, and may still arrive', async () => {
    const world = await twoAdministrators(gateways, microsoft, 2_001)
    const { first, second } = replicas()
    microsoft.fault(lateWrite(world, 60_000))
    const asked = world.disable(first, 'Olga', 'Gloria')
    await untilStarted(world)
    let answer: Awaited<typeof asked>
    do answer = await world.disable(second, 'Otto', 'Gus')
    while (answer.__typename === 'RemediationUnavailableError')
    expect(answer).toMatchObject({ __typename: 'LastGlobalAdministratorError' })
    expect(world.enabled()).toEqual(['Gloria', 'Gus'])
    expect(await asked).toMatchObject({ status: 'SUCCEEDED' })
    expect(world.enabled()).toEqual(['Gus'])
  })
})

describe.concurrent('another tool disables the other Global Administrator between our check and our write', () => {
  test.for([
    ['at once', 1, null],
    [
      'also when the tenant shows the change late',
      2,
      { fault: 'stale', args: { ms: 3_600_000 }, path: '\\?', times: 9 },
    ],
    ['also when the answer to the write is lost', 3, { fault: 'resetAfter', method: 'PATCH', path: '$', times: 3 }],
  ] as const)('B13 the account is enabled again, %s', async ([, index, fault]) => {
    const world = await twoAdministrators(gateways, microsoft, 3_000 + index)
    const { id: tenantId } = world.tenant
    const path = `^/users/${world.user('Gloria').id}${fault?.path}`
    if (fault) microsoft.fault({ ...fault, tenantId, path })
    whenDisabled(world.user('Gloria'), () => {
      world.user('Gus').accountEnabled = false
    })
    expect(await world.disable(replicas().first, 'Olga', 'Gloria')).toMatchObject({
      status: 'FAILED',
      steps: [{ state: 'FAILED', code: 'LAST_GLOBAL_ADMINISTRATOR' }],
    })
    expect(world.enabled()).toEqual(['Gloria'])
    expect(await auditNames(world)).toEqual([
      'remediation.requested',
      'remediation.started',
      'remediation.started',
      'remediation.failed',
    ])
  })
})

/** The moment of the write itself, whatever the machine's load. */
function whenDisabled(user: User, act: () => void): void {
  let accountEnabled = user.accountEnabled
  Object.defineProperty(user, 'accountEnabled', {
    enumerable: true,
    get: () => accountEnabled,
    set(value: boolean) {
      accountEnabled = value
      if (!value) act()
    },
  })
}

describe.concurrent('one mutation is sent many times at once, with one key, to both processes', () => {
  test.for([
    ['quick', 1, 300],
    ...(isSoak ? ([['longer than a run waits for another one', 2, 17_000]] as const) : []),
  ] as const)('one run, one set of writes, when it is %s', async ([, index, ms]) => {
    const world = await twoAdministrators(gateways, microsoft, 4_000 + index)
    microsoft.fault(lateWrite(world, ms))
    const { first, second } = replicas()
    const key = crypto.randomUUID()
    const answers = await Promise.all(
      upTo(50).map((copy) => world.disable(copy % 2 === 0 ? first : second, 'Olga', 'Gloria', key)),
    )
    const [answer] = answers
    expect(answer).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }] })
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(world.writes()).toEqual(['Gloria'])
    const names = await auditNames(world)
    expect(names.slice(0, 2)).toEqual(['remediation.requested', 'remediation.started'])
    expect(names.filter((name) => outcomeNames.includes(name))).toHaveLength(1)
    expect(await refusals(world)).toEqual([])
  })
})
