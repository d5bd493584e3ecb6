import { createLog } from '../../src/connect.ts'
import type { Log } from '../../src/context.ts'
import { canary } from './canary/canary.ts'

/** The log of the product; its lines are kept, and handed to the canary scan. */
export function aLog(): { log: Log; lines: readonly string[] } {
  const lines: string[] = []
  const write = (line: string) => {
    lines.push(line)
    canary.written('log', 'of a gateway', line)
  }
  return { log: createLog('debug', { write }), lines }
}
