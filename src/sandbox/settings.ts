import { resolve } from 'node:path'
import { SandboxFault } from './fault.ts'

/** Where the sandbox keeps what it writes, and its ports; `postgresPort` null: any free one. */
export interface Settings {
  folder: string
  port: number
  simulatorPort: number
  postgresPort: number | null
}

/** Reads the four variables of the sandbox; the rest of the environment belongs to the gateway proper. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    folder: resolve(env['SANDBOX_DIR'] || '.sandbox'),
    port: portOf('PORT', env['PORT']) ?? 4000,
    simulatorPort: portOf('SIMULATOR_PORT', env['SIMULATOR_PORT']) ?? 4443,
    postgresPort: portOf('POSTGRES_PORT', env['POSTGRES_PORT']),
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
