/** A token for another API, for the person whose token for its own API an application was sent. */
import type { SimulatorEngine } from '../engine.ts'
import { verifyToken } from '../tokens.ts'
import type { Application } from '../world.ts'
import { assertEnoughFactors } from './conditional-access.ts'
import { LoginError, missingParameter } from './errors.ts'
import type { Grant } from './sessions.ts'

export const onBehalfOf = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Throws AADSTS50013 (no token of ours, expired, or for another API), 7000114 (an application's own token), 50076 and 53003. */
export function onBehalfOfGrant(engine: SimulatorEngine, application: Application, form: URLSearchParams): Grant {
  const assertion = form.get('assertion')
  const scope = form.get('scope')
  if (!assertion) throw missingParameter('assertion')
  if (!scope) throw missingParameter('scope')
  if (form.get('requested_token_use') !== 'on_behalf_of') throw missingParameter('requested_token_use')
  const claims = verifyToken(engine.keys, assertion, engine.now())
  const isForThisApi = claims?.aud === application.appId || claims?.aud === `api://${application.appId}`
  if (!claims || !isForThisApi || typeof claims.tid !== 'string' || typeof claims.oid !== 'string') {
    throw new LoginError(
      50013,
      'invalid_grant',
      'Assertion failed signature validation, is expired, or its audience does not match the application that presents it.',
    )
  }
  if (claims.idtyp === 'app' || typeof claims.scp !== 'string') {
    throw new LoginError(
      7000114,
      'invalid_grant',
      `Application '${application.appId}' is not allowed to make application on-behalf-of calls.`,
    )
  }
  const hasMfa = Array.isArray(claims.amr) && claims.amr.includes('mfa')
  assertEnoughFactors(engine.world, { hasMfa })
  return {
    clientId: application.appId,
    redirectUri: '',
    tenantId: claims.tid,
    userId: claims.oid,
    scope,
    nonce: null,
    codeChallenge: '',
    signedInAt: Number(claims.iat ?? 0) * 1000,
    hasMfa,
  }
}
