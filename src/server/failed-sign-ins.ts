/**
 * Slows down who guesses: an address that was refused too often gets no more API keys looked up for a while. It locks nobody
 * else out: a key that was good here today passes from any address, and so does a token that Entra signed, which is checked
 * without the database. Each gateway counts for itself.
 */
import { apiKeyPrefix, hashOfApiKey } from '../services/operators/api-key-form.ts'
import { createAddressLimit, remember } from './address-limit.ts'

const goodForMs = 24 * 60 * 60_000
const keysMax = 10_000

const bearerKey = new RegExp(`^Bearer +(${apiKeyPrefix}\\S*)$`, 'i')

export interface FailedSignIns {
  /** Seconds until this address may try again with this credential; null: now. */
  waitFor(address: string, authorization: string | undefined): number | null
  succeeded(authorization: string | undefined): void
  /** Seconds until the next try is looked at; null while there were not too many. */
  failed(address: string, authorization: string | undefined): number | null
}

export function createFailedSignIns(perMinute: number, now: () => number = () => performance.now()): FailedSignIns {
  const limit = createAddressLimit(perMinute, now)
  /** API keys by hash, with the time until which they are known as good. */
  const good = new Map<string, number>()
  const keyOf = (authorization: string | undefined): string | null => {
    const [, key] = bearerKey.exec(authorization ?? '') ?? []
    return key === undefined ? null : hashOfApiKey(key).toString('base64')
  }

  return {
    waitFor(address, authorization) {
      const key = keyOf(authorization)
      if (key === null || (good.get(key) ?? 0) > now()) return null
      return limit.waitFor(address)
    },
    succeeded(authorization) {
      const key = keyOf(authorization)
      if (key !== null) remember(good, key, now() + goodForMs, keysMax)
    },
    failed(address, authorization) {
      const key = keyOf(authorization)
      if (key !== null) good.delete(key)
      return limit.take(address)
    },
  }
}
