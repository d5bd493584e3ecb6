/** Who calls: an Entra access token or an API key, and where its bearer may do what. One SQL statement. */
import { AccessTokenError, type AccessTokenVerifier, type VerifiedToken } from '../../clients/entra/access-token.ts'
import type { Operator, TenantAccess } from '../../context.ts'
import type { Database } from '../../db/connection.ts'
import { operatorByApiKey, type SignedInOperator, signInOperator } from '../../db/operators.ts'
import { accessOf } from './access.ts'
import { apiKeyPrefix, hashOfApiKey, isApiKeyForm } from './api-key-form.ts'
import type { KeyUses } from './key-uses.ts'
import type { SharedLookups } from './shared-lookups.ts'

export interface Caller {
  operator: Operator
  /** By which it is known elsewhere: a person's object id, an application's client id, an API key's id. */
  externalId: string
  access: TenantAccess
}

export interface AuthenticationDependencies {
  db: Database
  accessTokens: Pick<AccessTokenVerifier, 'verify'>
  keyUses: KeyUses
  lookups: SharedLookups
  now(): Date
}

/** No credential, or one that is not accepted. The message is for the caller and holds nothing of the credential. */
export class UnauthenticatedError extends Error {}

/** Throws `UnauthenticatedError`; anything else that is thrown (database, Entra's keys unreachable) is not the caller's fault. */
export async function authenticate(
  dependencies: AuthenticationDependencies,
  authorization: string | undefined,
): Promise<Caller> {
  const [, credential] = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? []
  if (credential === undefined) {
    throw new UnauthenticatedError(
      'Send "Authorization: Bearer …" with an access token of Microsoft Entra for this API, or an API key.',
    )
  }
  return credential.startsWith(apiKeyPrefix)
    ? byApiKey(dependencies, credential)
    : byToken(dependencies, await verified(dependencies.accessTokens, credential))
}

/** Read anew for every request, so that a revocation counts everywhere at once. What cannot be a key costs no statement. */
async function byApiKey({ db, keyUses, lookups, now }: AuthenticationDependencies, key: string): Promise<Caller> {
  const look = (hash: Buffer) => db.single((tx) => operatorByApiKey(tx, hash, now()))
  const hash = isApiKeyForm(key) ? hashOfApiKey(key) : null
  const found = hash && (await lookups.find(`key ${hash.toString('base64')}`, () => look(hash)))
  if (!found) throw new UnauthenticatedError('The API key is not known, has expired or was revoked.')
  keyUses.note(found.operator.externalId)
  return { ...callerOf(found), access: accessOf(found.grants) }
}

async function verified(accessTokens: Pick<AccessTokenVerifier, 'verify'>, token: string): Promise<VerifiedToken> {
  try {
    return await accessTokens.verify(token)
  } catch (error) {
    if (error instanceof AccessTokenError && error.code !== 'KEYS_UNAVAILABLE')
      throw new UnauthenticatedError(error.message)
    throw error
  }
}

/**
 * App roles count in the token's own tenant alone, and only while that is connected or about to be: anybody may give roles in a tenant
 * of their own. In any other tenant only grants do. Names decide nothing.
 */
async function byToken({ db, lookups }: AuthenticationDependencies, token: VerifiedToken): Promise<Caller> {
  const { kind, tenantId, name } = token
  const externalId = kind === 'PERSON' ? token.objectId : token.appId
  const displayName = name ?? (kind === 'PERSON' ? `Person ${externalId}` : `Application ${externalId}`)
  const identity = { kind, tenantId, externalId, displayName }
  const found = await lookups.find(`token ${JSON.stringify(identity)}`, () =>
    db.single((tx) => signInOperator(tx, identity)),
  )
  const isOpen = found.homeStatus === 'CONNECTED' || found.homeStatus === 'PENDING'
  return { ...callerOf(found), access: accessOf([{ tenantId, roles: isOpen ? token.roles : [] }, ...found.grants]) }
}

const callerOf = ({
  operator: { id, kind, displayName, tenantId, objectId, email, externalId },
}: SignedInOperator): Omit<Caller, 'access'> => ({
  operator: { id, kind, displayName, tenantId, objectId, email },
  externalId,
})
