import { resolve } from 'node:path'
import { SandboxFault } from './fault.ts'

/** Where the sandbox keeps what it writes, its ports (`postgresPort` null: any free one) and its pace. */
export interface Settings {
  folder: string
  port: number
  simulatorPort: number
  postgresPort: number | null
  /** Between the attacks on the simulated tenants; null: there are none. */
  liveEverySeconds: number | null
}

/** Reads the five variables of the sandbox; the rest of the environment belongs to the gateway proper. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    folder: resolve(env['SANDBOX_DIR'] || '.sandbox'),
    port: portOf('PORT', env['PORT']) ?? 4000,
    simulatorPort: portOf('SIMULATOR_PORT', env['SIMULATOR_PORT']) ?? 4443,
    postgresPort: portOf('POSTGRES_PORT', env['POSTGRES_PORT']),
    liveEverySeconds: secondsOf('SANDBOX_LIVE', env['SANDBOX_LIVE'] || '240'),
  }
}

function portOf(name: string, text: string | undefined): number | null {
  if (text === undefined || text === '') return null
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SandboxFault(`${name} is "${text}", which is no port: set it to a number from 1 to 65535.`)
  }
  return port
}

function secondsOf(name: string, text: string): number | null {
  if (text === 'off') return null
  const seconds = Number(text)
  if (seconds >= 1 && seconds <= 86_400) return seconds
  throw new SandboxFault(`${name} is "${text}": set it to a number of seconds, or to "off".`)
}
