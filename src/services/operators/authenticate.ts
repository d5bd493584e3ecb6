/** Who calls: an Entra access token or an API key, and where its bearer may do what. One SQL statement. */
import { createHash } from 'node:crypto'
import { AccessTokenError, type AccessTokenVerifier, type VerifiedToken } from '../../clients/entra/access-token.ts'
import type { Operator, TenantAccess } from '../../context.ts'
import type { Database } from '../../db/connection.ts'
import { operatorByApiKey, type SignedInOperator, signInOperator } from '../../db/operators.ts'
import { accessOf } from './access.ts'

export interface Caller {
  operator: Operator
  access: TenantAccess
}

export interface AuthenticationDependencies {
  db: Database
  accessTokens: Pick<AccessTokenVerifier, 'verify'>
  now(): Date
}

/** No credential, or one that is not accepted. The message is for the caller and holds nothing of the credential. */
export class UnauthenticatedError extends Error {}

/** Every API key begins like this. */
export const apiKeyPrefix = 'tq_'

export const hashOfApiKey = (key: string): Buffer => createHash('sha256').update(key).digest()

/** Throws `UnauthenticatedError`; anything else that is thrown (database, Entra's keys unreachable) is not the caller's fault. */
export async function authenticate(
  { db, accessTokens, now }: AuthenticationDependencies,
  authorization: string | undefined,
): Promise<Caller> {
  const [, credential] = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? []
  if (credential === undefined) {
    throw new UnauthenticatedError(
      'Send "Authorization: Bearer …" with an access token of Microsoft Entra for this API, or an API key.',
    )
  }
  return credential.startsWith(apiKeyPrefix)
    ? byApiKey(db, credential, now())
    : byToken(db, await verified(accessTokens, credential))
}

async function byApiKey(db: Database, key: string, now: Date): Promise<Caller> {
  const found = await db.single((tx) => operatorByApiKey(tx, hashOfApiKey(key), now))
  if (!found) throw new UnauthenticatedError('The API key is not known, has expired or was revoked.')
  return { operator: operatorOf(found), access: accessOf(found.grants) }
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

/** App roles count in the token's own tenant alone; in any other tenant only grants do. Names decide nothing. */
async function byToken(db: Database, token: VerifiedToken): Promise<Caller> {
  const { kind, tenantId, name } = token
  const externalId = kind === 'PERSON' ? token.objectId : token.appId
  const displayName = name ?? (kind === 'PERSON' ? `Person ${externalId}` : `Application ${externalId}`)
  const found = await db.single((tx) => signInOperator(tx, { kind, tenantId, externalId, displayName }))
  return { operator: operatorOf(found), access: accessOf([{ tenantId, roles: token.roles }, ...found.grants]) }
}

const operatorOf = ({
  operator: { id, kind, displayName, tenantId, objectId, email },
}: SignedInOperator): Operator => ({
  id,
  kind,
  displayName,
  tenantId,
  objectId,
  email,
})
