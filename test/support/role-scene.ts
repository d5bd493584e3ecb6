/** The sample's tenant, something of each kind to ask for in it, and callers who hold just the roles that their token names. */
import { type Role, roles } from '../../src/context.ts'
import { createApiKey } from '../../src/db/api-keys.ts'
import { grantAccess } from '../../src/db/operators.ts'
import { apiKeyGlobalId, tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { makeApiKey } from '../../src/services/operators/api-key-form.ts'
import { aForge } from './forged-tokens.ts'
import type { TestGateway } from './gateway.ts'
import { analyst, aRemovalsScene, otherTenantName, tenantName } from './removals-scene.ts'

export interface RoleScene {
  gateway: TestGateway
  tenantId: string
  /** Its id in the API. */
  tenant: string
  /** An event and a subject for which this kind of remediation is offered. */
  target(kind: string): { eventId: string; subjectId: string }
  runId: string
  apiKeyId: string
  /** A person of the tenant whose token names these roles, and who was never seen before. */
  aPerson(held: readonly Role[]): string
  /** The same with all roles, in the neighbouring tenant. */
  aStranger(): string
  /** Calls so far that changed a tenant. */
  writes(): number
  close(): Promise<void>
}

export async function aRoleScene(): Promise<RoleScene> {
  const { gateway, writes, close } = await aRemovalsScene()
  const { microsoft, db } = gateway
  const tenantId = microsoft.tenant(tenantName).id
  const other = microsoft.tenant(otherTenantName).id
  const forge = aForge(microsoft, analyst as { tenantId: string; userId: string }, '')
  const offered = await firstOffered(gateway, tenantId)
  const target = (kind: string) => {
    const found = offered.get(kind)
    if (!found) throw new Error(`The sample offers no ${kind}: ${[...offered.keys()]}`)
    return found
  }
  const key = await db.plain(async (tx) => {
    const made = await createApiKey(tx, { name: 'Pager', hash: makeApiKey().hash, lastFour: 'none' })
    await grantAccess(tx, { operatorId: made.operatorId, tenantId, roles: ['Events.Read'], grantedBy: 'test' })
    return made
  })
  const input = { ...target('REVOKE_SESSIONS'), actions: ['REVOKE_SESSIONS'], idempotencyKey: 'the first' }
  const { data } = await gateway.graphql(
    'mutation ($input: BlockUserInput!) { blockUser(input: $input) { ... on RemediationRun { id } } }',
    { input },
    { as: analyst },
  )
  const issuer = (id: string) => `${microsoft.url}/${id}/v2.0`
  return {
    gateway,
    tenantId,
    tenant: tenantGlobalId(tenantId),
    target,
    runId: data.blockUser.id,
    apiKeyId: apiKeyGlobalId(key.id),
    aPerson: (held) => `Bearer ${forge.saying({ oid: crypto.randomUUID(), roles: held })}`,
    aStranger: () => `Bearer ${forge.saying({ tid: other, iss: issuer(other), oid: crypto.randomUUID(), roles })}`,
    writes,
    close,
  }
}

/** What can be done without a sign-in, but for passwords, which always need one. */
async function firstOffered(gateway: TestGateway, tenantId: string) {
  const { data } = await gateway.graphql(
    `query ($ids: [ID!]) { securityEvents(tenantIds: $ids, first: 100) { edges { node { id availableRemediations { kind
      requirements { __typename } subject { ... on Node { id } } } } } } }`,
    { ids: [tenantId] },
    { as: analyst },
  )
  const offered = new Map<string, { eventId: string; subjectId: string }>()
  for (const { node } of data.securityEvents.edges) {
    for (const { kind, requirements, subject } of node.availableRemediations) {
      const isUsable = requirements.length === 0 || kind === 'RESET_PASSWORD'
      if (isUsable && !offered.has(kind)) offered.set(kind, { eventId: node.id, subjectId: subject.id })
    }
  }
  return offered
}
