/** Which roles somebody who signed in holds in a tenant: as its user, or as a partner's technician (B21). */
import { z } from 'zod'
import type { SignedIn } from '../../clients/entra/sign-in.ts'
import { UpstreamError } from '../../clients/errors.ts'
import type { MicrosoftSession } from '../../clients/types.ts'
import { type RoleRoster, readRoleRoster } from '../facts/role-roster.ts'

export interface HeldRoles {
  /** A user of the tenant itself (a guest, too), or somebody whom a partner relationship brought here. */
  through: 'TENANT' | 'PARTNER'
  /** Template ids, each once. */
  roles: string[]
}

/** The account has no user in the tenant, and its own tenant does not let us read its partner relationships. */
export class PartnerUnreadableError extends Error {}

/** Reads with our own permissions, now; what a token says of itself (`wids`) is never believed. Throws `UpstreamError`, `PartnerUnreadableError`. */
export async function rolesHeldBy(
  session: MicrosoftSession,
  clientId: string,
  tenantId: string,
  account: Pick<SignedIn, 'objectId' | 'homeTenantId' | 'homeObjectId'>,
): Promise<HeldRoles> {
  const reader = { session, tenantId, clientId, fresh: true }
  const [isUser, roster] = await Promise.all([isUserOf(session, tenantId, account.objectId), readRoleRoster(reader)])
  if (isUser) return { through: 'TENANT', roles: rolesOf(roster, account.objectId) }
  if (account.homeTenantId === tenantId) return { through: 'TENANT', roles: [] }
  return { through: 'PARTNER', roles: await partnerRoles(session, tenantId, account) }
}

const rolesOf = (roster: RoleRoster, objectId: string): string[] => [...new Set(roster.rolesOf(objectId))]

/** Throws `UpstreamError`. */
export async function isUserOf(session: MicrosoftSession, tenantId: string, objectId: string): Promise<boolean> {
  try {
    await session.tenant(tenantId).graph.get(`/users/${encodeURIComponent(objectId)}?$select=id`, { fresh: true })
    return true
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'NOT_FOUND') return false
    throw error
  }
}

const relationship = z.object({
  id: z.string(),
  status: z.string(),
  customer: z.object({ tenantId: z.string().toLowerCase() }).nullish(),
  accessDetails: z
    .object({ unifiedRoles: z.array(z.object({ roleDefinitionId: z.string().toLowerCase() })).nullish() })
    .nullish(),
})
const accessAssignment = z.object({
  status: z.string(),
  accessContainer: z.object({ accessContainerId: z.string().toLowerCase(), accessContainerType: z.string().nullish() }),
  accessDetails: relationship.shape.accessDetails,
})
const memberships = z.object({ value: z.array(z.string().toLowerCase()) })

/** `expiring`: the end is near, and until then all is as before. */
const inForce = ['active', 'expiring']
/** `checkMemberObjects` takes so many ids at most. */
const idsMax = 20

/** Roles of the relationships with this customer that the technician's groups were given, read in the partner's own tenant. */
async function partnerRoles(
  session: MicrosoftSession,
  customerTenantId: string,
  { homeTenantId, homeObjectId }: Pick<SignedIn, 'homeTenantId' | 'homeObjectId'>,
): Promise<string[]> {
  const { graph } = session.tenant(homeTenantId)
  try {
    const rows = await graph.list('/tenantRelationships/delegatedAdminRelationships', { fresh: true })
    const relationships = rows
      .map((row) => relationship.parse(row))
      .filter(({ status, customer }) => inForce.includes(status) && customer?.tenantId === customerTenantId)
    const assigned = await Promise.all(
      relationships.map(async ({ id, accessDetails }) => {
        const given = new Set(roleIds(accessDetails))
        const path = `/tenantRelationships/delegatedAdminRelationships/${encodeURIComponent(id)}/accessAssignments`
        const assignments = (await graph.list(path, { fresh: true })).map((row) => accessAssignment.parse(row))
        return assignments
          .filter(({ status }) => status === 'active')
          .map((one) => ({
            groupId: one.accessContainer.accessContainerId,
            roles: roleIds(one.accessDetails).filter((role) => given.has(role)),
          }))
      }),
    )
    const ofGroups = assigned.flat()
    const groupIds = [...new Set(ofGroups.map(({ groupId }) => groupId))]
    const chunks = Array.from({ length: Math.ceil(groupIds.length / idsMax) }, (_, index) =>
      groupIds.slice(index * idsMax, (index + 1) * idsMax),
    )
    const path = `/users/${encodeURIComponent(homeObjectId)}/checkMemberObjects`
    const answers = await Promise.all(chunks.map((ids) => graph.query(path, { ids }, { fresh: true })))
    const own = new Set(answers.flatMap(({ body }) => memberships.parse(body).value))
    return [...new Set(ofGroups.filter(({ groupId }) => own.has(groupId)).flatMap(({ roles }) => roles))]
  } catch (error) {
    if (error instanceof UpstreamError && unreadable.includes(error.kind)) throw new PartnerUnreadableError()
    throw error
  }
}

const unreadable: readonly UpstreamError['kind'][] = ['FORBIDDEN', 'NOT_CONSENTED', 'APP_DISABLED', 'NOT_FOUND']

const roleIds = (details: z.infer<typeof relationship>['accessDetails']): string[] =>
  details?.unifiedRoles?.map(({ roleDefinitionId }) => roleDefinitionId) ?? []
