import { type Role, roles, type TenantAccess } from '../../context.ts'

const isRole = (name: string): name is Role => (roles as readonly string[]).includes(name)

/** The product's roles among the names; others are ignored, so that a tenant may give its apps further roles. */
export const knownRoles = (names: readonly string[]): Role[] => names.filter(isRole)

/** One tenant may be listed several times: its roles add up. A tenant without any role is not visible. */
export function accessOf(grants: readonly { tenantId: string; roles: readonly string[] }[]): TenantAccess {
  const held = new Map<string, Set<Role>>()
  for (const { tenantId, roles: names } of grants) {
    const known = knownRoles(names)
    if (known.length === 0) continue
    const all = held.get(tenantId) ?? new Set<Role>()
    for (const role of known) all.add(role)
    held.set(tenantId, all)
  }
  return {
    tenantIds: [...held.keys()],
    can: (tenantId, role) => held.get(tenantId)?.has(role) ?? false,
    rolesIn: (tenantId) => roles.filter((role) => held.get(tenantId)?.has(role)),
  }
}
