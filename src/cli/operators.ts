/** Operators and tenants as the command line names them. */
import type { OperatorIdentity } from '../db/operators.ts'
import { wrongUse } from './output.ts'

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Who a grant is for. */
export type Grantee =
  | { kind: 'PERSON' | 'APPLICATION'; tenantId: string; externalId: string }
  | { kind: 'PARTNER'; nameOrId: string }

/** `person:TENANT/OBJECTID`, `application:TENANT/APPID` or `partner:NAME-or-ID`; throws a sentence for anything else. */
export function parseGrantee(text: string): Grantee {
  const [, kind, rest = ''] = /^(person|application|partner):(.+)$/.exec(text) ?? []
  if (kind === 'partner') return { kind: 'PARTNER', nameOrId: rest }
  const [tenantId = '', externalId = '', more] = rest.split('/')
  if (kind === undefined || more !== undefined || !guid.test(tenantId) || !guid.test(externalId)) {
    throw wrongUse(
      `"${text}" names no operator: write person:TENANT/OBJECTID, application:TENANT/APPID or partner:NAME-or-ID, with ids as Entra shows them.`,
    )
  }
  return {
    kind: kind === 'person' ? 'PERSON' : 'APPLICATION',
    tenantId: tenantId.toLowerCase(),
    externalId: externalId.toLowerCase(),
  }
}

/** An operator as `parseGrantee` reads it; keys have no such form. */
export function nameOfOperator({ kind, tenantId, externalId }: Omit<OperatorIdentity, 'displayName'>): string {
  return kind === 'API_KEY' ? `key ${externalId}` : `${kind.toLowerCase()}:${tenantId}/${externalId}`
}

/** An Entra tenant id in lower case. */
export function parseTenantId(text: string): string {
  if (!guid.test(text)) {
    throw wrongUse(
      `"${text}" is no tenant id: it looks like 11111111-2222-3333-4444-555555555555 (Entra's overview page).`,
    )
  }
  return text.toLowerCase()
}

export const isGuid = (text: string) => guid.test(text)
