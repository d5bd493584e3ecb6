/**
 * Gateways that are killed at every await of a run, and workers at every await of a recovery. They wait for nothing but statements,
 * calls to Microsoft and mails; each is held up before it is sent, or after its effect and before its answer, and there its process
 * dies. Another one finds out what became of it: at the end tenant, run, audit and Microsoft's journal are one account.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Fault } from '../../simulator/engine-types.ts'
import { type Script, scripts } from '../support/crash-scenes.ts'
import { aCrashWorld, type Case, type Crashed, type CrashWorld } from '../support/crash-world.ts'
import type { Point } from '../support/crossings.ts'
import { serveCommand } from '../support/gateway-processes.ts'
import { quickRuns } from '../support/quick-timing.ts'
import { type Seeded, seeded } from '../support/seeded.ts'

/** All awaits, or a sample of them; another one by `TOURNIQUET_SEED`. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const chance = seeded(Number(process.env['TOURNIQUET_SEED'] ?? 1))
/** Runs that stand still in one process until it dies. */
const atOnce = isSoak ? 30 : 14

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 300_000 })

let world: CrashWorld
let awaits: Awaits
beforeAll(async () => {
  world = await aCrashWorld()
  awaits = await recorded()
})
afterAll(() => world?.close())

const writes = { mutates: true } as const
const reads = { mutates: false } as const
type TenantFault = Omit<Fault, 'tenantId'>
const faults: readonly [TenantFault, ...TenantFault[]] = [
  { ...writes, fault: 'throttle', args: { retryAfter: 0.05 } },
  { ...writes, fault: 'status', args: { status: 503 } },
  { ...writes, fault: 'resetBefore' },
  { ...writes, fault: 'resetAfter' },
  { ...writes, fault: 'delay', args: { ms: 1_000 } },
  { ...reads, fault: 'stale', times: 8, args: { ms: 2_000 } },
  { ...reads, fault: 'throttle', times: 2, args: { retryAfter: 0.05 } },
]

type Awaits = ReadonlyMap<Script, string[]>

/** What a run of each script waits for when nobody dies, in order. */
async function recorded(): Promise<Awaits> {
  const gateway = await world.aDoomedGateway()
  const whole: Crashed[] = []
  const awaits = await Promise.all(
    scripts.map(async (script) => {
      const scene = await world.aScene(script)
      const watch = world.crossings.watch(scene.tenant.id)
      const answered = await scene.ask(gateway)
      watch.end()
      expect(answered, script.name).toMatchObject({ __typename: 'RemediationRun', status: 'SUCCEEDED' })
      whole.push({ scene, answered, fault: null, stoppedAt: null, because: `nobody died in ${script.name}` })
      return [script, watch.crossed] as const
    }),
  )
  await gateway.kill()
  await world.settle(whole)
  return new Map(awaits)
}

const pointsOf = (crossed: readonly string[]): Point[] =>
  crossed.flatMap((_, index) => (['BEFORE', 'AFTER'] as const).map((side) => ({ index, side })))

/** Of the last call that changes the tenant. */
const lastChangeIn = (crossed: readonly string[]): number =>
  crossed.findLastIndex((what) => /^(PATCH|POST|DELETE) (?!.*batch)/.test(what))

/** Somewhere in the two thirds that write. */
function aFaultyCase(awaits: Awaits, by: Seeded): Case {
  const script = by.oneOf(scripts)
  const length = awaits.get(script)?.length ?? 0
  const point = {
    index: by.whole(Math.floor(length / 3), length - 1),
    side: by.oneOf<Point['side']>(['BEFORE', 'AFTER']),
  }
  return { script, point, fault: by.oneOf(faults) }
}

const faultyCases = (awaits: Awaits, count: number) => Array.from({ length: count }, () => aFaultyCase(awaits, chance))

/** Every await once without faults, and some of them with. */
const allCases = (awaits: Awaits): Case[] => [
  ...[...awaits].flatMap(([script, crossed]) => pointsOf(crossed).map((point) => ({ script, point, fault: null }))),
  ...faultyCases(awaits, 200),
]

/** Of every script one await, both sides of a change, and some with a fault. */
const someCases = (awaits: Awaits): Case[] => [
  ...scripts.flatMap((script): Case[] => {
    const [first, ...others] = pointsOf(awaits.get(script) ?? [])
    return first ? [{ script, point: chance.oneOf([first, ...others]), fault: null }] : []
  }),
  ...scripts.slice(0, 3).flatMap((script): Case[] => {
    const index = lastChangeIn(awaits.get(script) ?? [])
    return (['BEFORE', 'AFTER'] as const).map((side) => ({ script, point: { index, side }, fault: null }))
  }),
  ...faultyCases(awaits, 13),
]

describe('a process dies at an await, whichever it is: nothing is lost, and nothing is done twice', () => {
  test('a gateway, in the middle of a run', async () => {
    const worker = world.workers('DATABASE')
    onTestFinished(() => worker.close())
    const cases = isSoak ? allCases(awaits) : someCases(awaits)
    const stoppedAt: string[] = []
    const settling: Promise<void>[] = []
    // The next one starts while the one before stands still.
    let next = world.aDoomedGateway()
    for (let first = 0; first < cases.length; first += atOnce) {
      const gateway = await next
      if (first + atOnce < cases.length) next = world.aDoomedGateway()
      const crashed = await world.crash(cases.slice(first, first + atOnce), gateway)
      stoppedAt.push(...crashed.flatMap((one) => one.stoppedAt ?? []))
      const settled = world.settle(crashed)
      settled.catch(() => {})
      settling.push(settled)
      if (isSoak) console.info(`${first + crashed.length} of ${cases.length} runs`)
    }
    await Promise.all(settling)
    // Retries and parallel reads move some awaits; hardly any run gets past its own.
    expect(stoppedAt.length).toBeGreaterThan(cases.length * 0.9)
    if (!isSoak) return
    console.info(
      `${cases.length} runs, ${stoppedAt.length} killed at one of ${new Set(stoppedAt).size} sorts of awaits`,
    )
    expect([...awaits.values()].flat().filter((what) => !stoppedAt.includes(what))).toEqual([])
  })

  test('a worker, in the middle of a recovery', async () => {
    const script = scripts[0]
    const index = lastChangeIn(awaits.get(script) ?? [])
    /** Runs that died right after a change, and whose leases are over. */
    const left = async (count: number) => {
      const cases = Array.from(
        { length: count },
        (): Case => ({ script, point: { index, side: 'AFTER' }, fault: null }),
      )
      const crashed = await world.crash(cases, await world.aDoomedGateway())
      await sleep(quickRuns.leaseMs)
      return crashed
    }

    // What a recovery waits for when nobody dies.
    const [whole] = await left(1)
    if (!whole) throw new Error('Nothing was left')
    const watch = world.crossings.watch(whole.scene.tenant.id)
    const lucky = world.workers('WIRE')
    await world.untilEnded([whole.scene])
    watch.end()
    await lucky.close()
    await world.settle([whole])

    const every = pointsOf(watch.crossed)
    const points = isSoak ? every : Array.from({ length: 8 }, () => every[chance.whole(0, every.length - 1)])
    let stops = 0
    for (let first = 0; first < points.length; first += atOnce) {
      const crashed = await left(points.slice(first, first + atOnce).length)
      const watches = crashed.map(({ scene }, at) => world.crossings.watch(scene.tenant.id, points[first + at]))
      const unlucky = world.workers('WIRE')
      // Two looks at once have more awaits than one, so that some recoveries end before theirs.
      const ended = crashed.map(({ scene }) => world.untilEnded([scene]).then(() => null))
      const stopped = await Promise.all(watches.map((one, at) => Promise.race([one.stopped, ended[at]])))
      stops += stopped.filter((what) => typeof what === 'string').length
      await unlucky.close()
      for (const { end } of watches) end()
      const survivor = world.workers('DATABASE')
      await world.settle(crashed)
      await survivor.close()
    }
    expect(stops).toBeGreaterThan(points.length / 2)
    if (isSoak) console.info(`${points.length} recoveries, ${stops} killed at one of ${watch.crossed.length} awaits`)
  })

  test.runIf(isSoak)('as it is in production, each intent has its outcome within a minute', async () => {
    const inProduction = await aCrashWorld(serveCommand)
    try {
      const worker = inProduction.workers('DATABASE', ['src/cli.ts', 'worker'])
      const cases = scripts.flatMap((script): Case[] => {
        const index = lastChangeIn(awaits.get(script) ?? [])
        return [index, index + 1].map((at) => ({ script, point: { index: at, side: 'AFTER' }, fault: null }))
      })
      const crashed = await inProduction.crash(cases, await inProduction.aDoomedGateway())
      await inProduction.untilEnded(crashed.map(({ scene }) => scene))
      await inProduction.settle(crashed)
      await worker.close()
    } finally {
      await inProduction.close()
    }
  })
})
