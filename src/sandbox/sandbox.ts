/** `tourniquet sandbox`: everything on one machine, in its own processes, until it is told to stop. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { setDefaultCACertificates } from 'node:tls'
import { type EmbeddedPostgres, startEmbeddedPostgres, stopEmbeddedOrphan } from '../db/embedded-postgres.ts'
import { migrate } from '../db/migrate.ts'
import { type Child, endOrphans, startChild } from './children.ts'
import { keepCredentials } from './credentials.ts'
import { gatewayEnvironment } from './environment.ts'
import { SandboxFault } from './fault.ts'
import { keptSecret, lockFolder, openFolder } from './folder.ts'
import { checkPorts, somethingListens } from './ports.ts'
import { waitUntilReady } from './ready.ts'
import { resetFolder, withWayOut } from './reset.ts'
import { seed } from './seed.ts'
import { readSettings, type Settings } from './settings.ts'
import { startSimulator } from './simulator.ts'
import { listenForStop, StopAsked, type StopSignal } from './stop.ts'
import { welcome } from './welcome.ts'

/** What has been started, in the order in which it is stopped. */
interface Parts {
  endCredentials?: () => void
  gateway?: Child
  worker?: Child
  simulator?: Child
  postgres?: Promise<EmbeddedPostgres>
}

const databaseCheckMs = 2000
const script = (name: string) => resolve(import.meta.dirname, name)

/** Runs until a signal; answers with the exit status. */
export async function runSandbox(options: { reset: boolean }): Promise<number> {
  const stop = listenForStop()
  let unlock = () => {}
  const parts: Parts = {}
  let status = 0
  try {
    if (!existsSync(script('gateway.ts'))) {
      throw new SandboxFault(
        'The sandbox runs from the source tree, not from a built server: there, run "npm run sandbox".',
      )
    }
    const settings = readSettings()
    openFolder(settings.folder)
    unlock = lockFolder(settings.folder)
    await endOrphans(settings.folder)
    if (options.reset) await resetFolder(settings.folder)
    else await stopEmbeddedOrphan(join(settings.folder, 'postgres')).catch(withWayOut)
    await run(settings, parts, stop)
  } catch (error) {
    if (!(error instanceof StopAsked)) {
      status = 1
      console.error(`\ntourniquet: ${error instanceof Error ? error.message : error}`)
    }
  }
  if (stop.isAsked()) console.log('\nStopping.')
  await stopAll(parts, stop)
  unlock()
  stop.release()
  return status
}

async function run(settings: Settings, parts: Parts, stop: StopSignal): Promise<void> {
  const { folder } = settings
  await checkPorts([
    { variable: 'PORT', port: settings.port },
    { variable: 'SIMULATOR_PORT', port: settings.simulatorPort },
    { variable: 'POSTGRES_PORT', port: settings.postgresPort },
  ])
  console.log('Starting PostgreSQL, a simulated Microsoft 365 and the gateway …')

  const started = startEmbeddedPostgres({ dir: join(folder, 'postgres'), port: settings.postgresPort ?? undefined })
  parts.postgres = started
  const migrated = started
    .then(async (postgres) => {
      if (postgres.notice) console.log(postgres.notice)
      await migrate(postgres)
      return postgres
    })
    .catch(withWayOut)
  const simulated = startSimulator(settings, (child) => {
    parts.simulator = child
  })
  const [postgres, simulator] = await stop.orStop(Promise.all([migrated, simulated]))
  setDefaultCACertificates([readFileSync(simulator.caFile, 'utf8')])

  const env = gatewayEnvironment({ settings, postgres, simulator, sealingKey: sealingKey(folder) })
  const worker = startChild({ folder, name: 'worker', args: [script('worker.ts'), folder], env })
  parts.worker = worker
  const { apiKey } = await stop.orStop(seed({ folder, postgres, simulator }))
  parts.endCredentials = await stop.orStop(keepCredentials({ settings, postgres, simulator, apiKey }))
  // After the seed: GraphiQL's tabs name events.
  const gateway = startChild({ folder, name: 'gateway', args: [script('gateway.ts'), folder], env })
  parts.gateway = gateway
  const watched = Promise.race([anyEnds([gateway, worker, simulator.child]), databaseEnds(postgres.port)])
  await stop.orStop(Promise.race([waitUntilReady(settings.port), watched]))
  console.log(welcome({ settings, simulatorUrl: simulator.url }))
  await stop.orStop(watched)
}

/** Never resolves: throws, with its last words, when one of them ends. */
async function anyEnds(children: Child[]): Promise<never> {
  const [child, how] = await Promise.race(children.map(async (one): Promise<[Child, string]> => [one, await one.ended]))
  throw new SandboxFault(`The ${child.name} ${how}. Its last lines:\n\n${child.lastLines()}\n`)
}

/** Never resolves: throws when nothing listens at the database's port any more, for PostgreSQL is no child of ours. */
async function databaseEnds(port: number): Promise<never> {
  while (await somethingListens(port)) await setTimeout(databaseCheckMs, undefined, { ref: false })
  throw new SandboxFault('PostgreSQL has ended. Its log is postgres.log, beside its data.')
}

/** Gateway, worker, simulator, PostgreSQL: nobody loses what it still needs. At most ten seconds together. */
async function stopAll(parts: Parts, stop: StopSignal): Promise<void> {
  parts.endCredentials?.()
  const children = [parts.gateway, parts.worker, parts.simulator].filter((child) => child !== undefined)
  stop.hurried.then(() => {
    for (const child of children) child.kill()
  })
  for (const child of children) await child.stop(child === parts.gateway ? 4000 : 1500)
  const postgres = await parts.postgres?.catch(() => null)
  await postgres?.stop()
}

/** What it sealed is still open after the next start. */
const sealingKey = (folder: string) =>
  keptSecret(join(folder, 'sealing-key'), /^[\w+/]{43}=$/, () => randomBytes(32).toString('base64'))
