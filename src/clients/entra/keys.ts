/** Entra's signing keys and issuer template, fetched when they are first needed and kept. */
import { type CryptoKey, importJWK } from 'jose'
import type { Bounds } from '../bounds.ts'
import type { Http } from '../http.ts'
import { isObject } from '../json.ts'
import { clientTiming } from '../timing.ts'

export interface SigningKey {
  key: CryptoKey
  /** The issuer that the key is good for: a template with `{tenantid}`, a fixed one, or null when the service names none. */
  issuer: string | null
}

export interface EntraKeys {
  /** E.g. `https://login.microsoftonline.com/{tenantid}/v2.0`. Throws when Entra cannot be reached. */
  issuerTemplate(): Promise<string>
  /** Null when Entra does not know the key, after asking again. Throws when Entra cannot be reached. */
  find(kid: string): Promise<SigningKey | null>
}

interface KeySet {
  issuerTemplate: string
  keys: Map<string, SigningKey>
  fetchedAt: number
}

const keepMs = 24 * 60 * 60_000
// Tokens with made-up key ids must not make us ask Entra for each of them.
const refetchMsMin = 30_000
/** Nor must an outage, while there is no key at all yet. */
const retryMsMin = 2_000
const triesMax = 3
const fetchMsMax = 10_000

export function createEntraKeys(entraUrl: string, http: Http, now: () => number): EntraKeys {
  const metadataUrl = `${new URL(entraUrl).origin}/common/v2.0/.well-known/openid-configuration`
  let known: KeySet | null = null
  let underWay: Promise<KeySet> | null = null
  let failedAt = Number.NEGATIVE_INFINITY

  function fetchOnce(): Promise<KeySet> {
    underWay ??= fetchKeySet(metadataUrl, http, now)
      .then((keySet) => {
        known = keySet
        return keySet
      })
      .finally(() => {
        underWay = null
      })
    return underWay
  }

  async function keySet(olderThanMs: number): Promise<KeySet> {
    const mayAsk = now() - failedAt >= (known ? refetchMsMin : retryMsMin)
    if (known && (now() - known.fetchedAt < olderThanMs || !mayAsk)) return known
    if (!mayAsk) throw new Error("Entra's keys could not be fetched a moment ago")
    try {
      return await fetchOnce()
    } catch (error) {
      failedAt = now()
      // Keys change rarely: those we have stay good while Entra cannot be reached.
      if (known) return known
      throw error
    }
  }

  return {
    issuerTemplate: async () => (await keySet(keepMs)).issuerTemplate,
    async find(kid) {
      const found = (await keySet(keepMs)).keys.get(kid)
      return found ?? (await keySet(refetchMsMin)).keys.get(kid) ?? null
    },
  }
}

async function fetchKeySet(metadataUrl: string, http: Http, now: () => number): Promise<KeySet> {
  const metadata = await fetchJson(metadataUrl, http)
  const { issuer, jwks_uri: jwksUri } = metadata
  if (typeof issuer !== 'string' || typeof jwksUri !== 'string' || !jwksUri.startsWith('https://')) {
    throw new Error("Entra's metadata holds no issuer or no address of its keys")
  }
  const { keys } = await fetchJson(jwksUri, http)
  const usable = new Map<string, SigningKey>()
  for (const jwk of Array.isArray(keys) ? keys.filter(isObject) : []) {
    if (typeof jwk.kid !== 'string' || jwk.kty !== 'RSA' || (jwk.use !== undefined && jwk.use !== 'sig')) continue
    const { n, e } = jwk
    if (typeof n !== 'string' || typeof e !== 'string') continue
    const key = await importJWK({ kty: 'RSA', n, e }, 'RS256')
    if (key instanceof Uint8Array) continue
    usable.set(jwk.kid, { key, issuer: typeof jwk.issuer === 'string' ? jwk.issuer : null })
  }
  return { issuerTemplate: issuer, keys: usable, fetchedAt: now() }
}

async function fetchJson(url: string, http: Http): Promise<Record<string, unknown>> {
  const headers = { accept: 'application/json', 'accept-encoding': 'identity' }
  const bounds: Bounds = { deadlineAt: Date.now() + fetchMsMax, signal: null, now: Date.now, timing: clientTiming }
  for (let tries = 1; ; tries += 1) {
    try {
      const { status, bytes } = await http.send({ service: 'login', url, method: 'GET', headers, bounds })
      const body: unknown = status === 200 ? JSON.parse(bytes.toString('utf8')) : null
      if (isObject(body)) return body
      throw new Error(`Entra answered ${status} to a request for its metadata or keys`)
    } catch (error) {
      if (tries >= triesMax) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * 3 ** (tries - 1)))
    }
  }
}
