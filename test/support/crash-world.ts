/** Processes that die, processes that live, and the one PostgreSQL and Microsoft 365 that they share. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { aWorld } from '../../simulator/builders.ts'
import type { Fault } from '../../simulator/engine-types.ts'
import { expectOneAccount, storedRuns, type Watched, watched } from './accounts.ts'
import { aCrashScene, application, type CrashScene, type Outcome, type Script } from './crash-scenes.ts'
import { type Crossings, createCrossings, type Point } from './crossings.ts'
import {
  aGatewayProcess,
  environmentOf,
  type GatewayProcess,
  type GatewayProcesses,
  gatewayProcesses,
} from './gateway-processes.ts'
import { aMicrosoft, type TestMicrosoft } from './microsoft.ts'
import { aDatabase, type TestDatabase } from './postgres.ts'
import { aPostgresWire, type PostgresWire } from './postgres-wire.ts'
import { type WorkerProcesses, workerProcesses } from './worker-processes.ts'

const quick = { gateway: ['test/support/quick-gateway.ts'], worker: ['test/support/quick-settler.ts'] }

export interface Case {
  script: Script
  /** Null: nobody dies. */
  point: Point | null
  fault: Omit<Fault, 'tenantId'> | null
}

export interface Crashed {
  scene: CrashScene
  fault: Case['fault']
  because: string
  /** What stood still; null: the run answered before. */
  stoppedAt: string | null
  /** Null: the process died before it answered. */
  answered: Outcome | null
}

export interface CrashWorld {
  database: TestDatabase
  microsoft: TestMicrosoft
  wire: PostgresWire
  crossings: Crossings
  calls: Watched
  /** They live, whoever dies. */
  survivors: GatewayProcesses
  survivor: GatewayProcess
  aScene(script: Script): Promise<CrashScene>
  /** On the wire. */
  aDoomedGateway(): Promise<GatewayProcess>
  /** On the wire, or not. */
  workers(on: 'WIRE' | 'DATABASE', command?: readonly string[]): WorkerProcesses
  /** Runs side by side, each until it stands still at its await; then their process dies, or what `strike` does happens. */
  crash(cases: readonly Case[], gateway: GatewayProcess, strike?: () => Promise<unknown>): Promise<Crashed[]>
  /** All their runs, of which a worker settles what was left. */
  untilEnded(scenes: readonly CrashScene[]): Promise<void>
  /** The operator asks again, with the same key, somebody who lives; a worker has settled what was left. All accounts agree. */
  settle(crashed: readonly Crashed[]): Promise<void>
  close(): Promise<void>
}

export async function aCrashWorld(gateway: readonly string[] = quick.gateway): Promise<CrashWorld> {
  const crossings = createCrossings()
  const calls = watched(crossings)
  const [database, microsoft] = await Promise.all([
    aDatabase(),
    aMicrosoft(aWorld({ applications: [application] }), { around: calls.around }),
  ])
  const wire = await aPostgresWire(database.url, crossings.cross)
  const more = { SMTP_URL: microsoft.smtpUrl, MAIL_FROM: 'tourniquet@example.com', DATABASE_POOL_MAX: '45' }
  const surroundings = { microsoft, database, application, environment: more }
  const survivors = await gatewayProcesses(1, surroundings, quick.gateway)
  const onTheWire = { ...surroundings, environment: { ...survivors.environment, DATABASE_URL: wire.url } }
  const doomed = environmentOf(onTheWire)
  const { services } = survivors
  calls.readFrom({ microsoft, services })
  const [survivor] = survivors.processes
  if (!survivor) throw new Error('There is no gateway')
  const started: { close(): Promise<void> }[] = []
  let scenes = 0

  const aScene = (script: Script): Promise<CrashScene> => {
    scenes += 1
    return aCrashScene(script, scenes, { microsoft, services, gateway: survivor })
  }

  async function untilEnded(of: readonly CrashScene[]): Promise<void> {
    const open = async () => [...(await storedRuns(database, of)).values()].flat().filter(({ ended }) => ended === null)
    const deadline = Date.now() + 120_000
    while ((await open()).length > 0) {
      if (Date.now() > deadline) expect(await open()).toEqual([])
      await sleep(500)
    }
  }

  return {
    database,
    microsoft,
    wire,
    crossings,
    calls,
    survivors,
    survivor,
    aScene,
    untilEnded,
    async aDoomedGateway() {
      const process = await aGatewayProcess(doomed.environment, gateway)
      started.push({ close: () => process.kill() })
      return process
    },
    workers(on, command = quick.worker) {
      const workers = workerProcesses(1, command, on === 'WIRE' ? onTheWire : surroundings)
      started.push(workers)
      return workers
    },
    async crash(cases, process, strike = () => process.kill()) {
      const own = await Promise.all(cases.map(async (one) => ({ ...one, scene: await aScene(one.script) })))
      const running = own.map(async ({ script, point, fault, scene }) => {
        if (fault) microsoft.fault({ ...fault, tenantId: scene.tenant.id } as Fault)
        const watch = crossings.watch(scene.tenant.id, point ?? undefined)
        // The process dies before it answers, or the database gives up on what stands still.
        const asked = scene.ask(process).catch(() => null)
        const stoppedAt = await Promise.race([watch.stopped, asked.then(() => null)])
        const answered = stoppedAt === null ? await asked : null
        const told = { script: script.name, tenant: scene.tenant.displayName, ...point, stoppedAt, answered, fault }
        return { scene, fault, because: JSON.stringify(told), stoppedAt, answered, watch }
      })
      const crashed = await Promise.all(running)
      await strike()
      for (const { watch } of crashed) watch.end()
      return crashed
    },
    async settle(crashed) {
      const own = crashed.map(({ scene }) => scene)
      const before = await storedRuns(database, own)
      const again = await Promise.all(own.map((scene) => scene.ask(survivor)))
      await untilEnded(own)
      const after = await storedRuns(database, own)
      for (const [index, { scene, fault, because: told, answered }] of crashed.entries()) {
        const repeated = again[index]
        const steps = after.get(scene.tenant.id) ?? []
        const because = JSON.stringify({ told, repeated, steps })
        expect(repeated?.__typename, because).toBe('RemediationRun')
        const [known] = before.get(scene.tenant.id) ?? []
        if (known) expect(steps[0]?.run, because).toBe(known.run)
        if (known) expect(repeated?.temporaryPassword, because).toBeNull()
        if (answered) expect(repeated?.id, because).toBe(answered.id)
        await expectOneAccount(scene, { microsoft, services, steps, isFaulty: fault !== null, because })
      }
      expect(calls.unannounced).toEqual([])
    },
    async close() {
      await Promise.all(started.map((one) => one.close()))
      await survivors.close()
      doomed.remove()
      await wire.close()
      await microsoft.close()
      await database.drop()
    },
  }
}
