/** The simulator as a process of its own. Prints one line of JSON when it listens; SIGTERM and SIGINT store the world and end it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { aWorld } from './builders.ts'
import { ensureCertificates } from './certificates.ts'
import { sampleAuditRecords } from './sample/audit-records.ts'
import { startLive } from './sample/live/live.ts'
import { describeSample, sampleWorld } from './sample/world.ts'
import { createSimulator } from './server.ts'

const usage =
  'simulator [--port 4443] [--smtp-port 0] [--dir FOLDER] [--sample [--live SECONDS]] [--cert FILE --key FILE --ca FILE]'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4443' },
      'smtp-port': { type: 'string', default: '0' },
      dir: { type: 'string' },
      sample: { type: 'boolean', default: false },
      live: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
      ca: { type: 'string' },
    },
  })
  const port = portOf('--port', values.port)
  const smtpPort = portOf('--smtp-port', values['smtp-port'])
  const liveEverySeconds = values.sample && values.live !== undefined ? secondsOf('--live', values.live) : null

  const files =
    values.cert && values.key
      ? { certFile: values.cert, keyFile: values.key, caFile: values.ca ?? values.cert }
      : await ensureCertificates(values.dir ? join(values.dir, 'certificates') : temporaryFolder())
  const sample = values.sample ? describeSample() : undefined
  const simulator = createSimulator({
    world: values.sample ? sampleWorld() : aWorld(),
    warn: (sentence) => process.stderr.write(`${sentence}\n`),
    ...(values.dir ? { dir: values.dir } : {}),
    ...(sample ? { sample, auditRecords: sampleAuditRecords } : {}),
  })
  const { url, close } = await simulator.listen({
    port,
    tls: { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) },
  })
  const { url: smtpUrl } = await simulator.mailSink.listen(smtpPort)
  process.stdout.write(
    `${JSON.stringify({ url, smtpUrl, caFile: resolve(files.caFile), pid: process.pid, ...sample })}\n`,
  )

  const live = liveEverySeconds === null ? null : startLive(simulator.engine, { everyMs: liveEverySeconds * 1000 })
  const end = async (): Promise<void> => {
    live?.stop()
    await Promise.all([close(), simulator.mailSink.close()])
    simulator.save()
    process.exit(0)
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

function portOf(option: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`${option} ${text} is no port. ${usage}`)
}

function secondsOf(option: string, text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 86_400) return seconds
  throw new Error(`${option} ${text} is no number of seconds. ${usage}`)
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${sentenceFor(error)}\n`)
  // One of the two servers may listen already.
  process.exit(1)
}

function sentenceFor(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return 'The port of the simulator is taken: stop what uses it, or choose another one with SIMULATOR_PORT.'
  }
  return error instanceof Error ? error.message : String(error)
}
