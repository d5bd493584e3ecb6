import type { SimulatorEngine } from '../engine.ts'
import { directoryOf } from './directory.ts'

/** OpenID Connect metadata. `common` and `organizations` show the issuer as a template. */
export function metadataOf(engine: SimulatorEngine, origin: string, name: string): object {
  const directory = directoryOf(engine.world, name)
  const tenant = directory === 'any' ? '{tenantid}' : directory.id
  const base = `${origin}/${directory === 'any' ? name : directory.id}`
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${origin}/${tenant}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'preferred_username', 'name', 'tid', 'oid', 'ver'],
    tenant_region_scope: 'EU',
    cloud_instance_name: new URL(origin).host,
  }
}
