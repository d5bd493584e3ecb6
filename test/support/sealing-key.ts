import { randomBytes } from 'node:crypto'
import { canary } from './canary/canary.ts'

export function aSealingKey(): Buffer {
  const key = randomBytes(32)
  canary.secret('sealing key', key)
  return key
}
