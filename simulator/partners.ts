/** Partner relationships (GDAP): who of a partner's tenant is what in a customer's. */
import { aGroup, userOf } from './builders.ts'
import { type DirectoryRoleName, directoryRoles } from './directory-roles.ts'
import { guid } from './ids.ts'
import type { AccessAssignment, PartnerRelationship, Tenant, User } from './world.ts'

export interface PartnerOptions {
  /** Display names of people of the partner. */
  technicians: readonly string[]
  roles: readonly DirectoryRoleName[]
  /** The partner's security group; an existing one of that name is used. */
  group?: string
}

/** An active relationship with one group that holds all its roles. */
export function withPartner(customer: Tenant, partner: Tenant, options: PartnerOptions): PartnerRelationship {
  const name = options.group ?? `${customer.displayName} technicians`
  const group = partner.groups.find(({ displayName }) => displayName === name) ?? aGroup(partner, name)
  const ids = options.technicians.map((technician) => userOf(partner, technician).id)
  group.members = [...new Set([...group.members, ...ids])]
  const roleTemplateIds = options.roles.map((role) => directoryRoles[role])
  const relationship: PartnerRelationship = {
    // As Graph's: the relationship's GUID and another one.
    id: `${guid(customer.id, partner.id, 'relationship')}-${guid(partner.id, customer.id)}`,
    displayName: `${partner.displayName} for ${customer.displayName}`,
    partnerTenantId: partner.id,
    status: 'active',
    roleTemplateIds,
    accessAssignments: [
      {
        id: guid(customer.id, group.id, 'accessAssignment'),
        groupId: group.id,
        roleTemplateIds: [...roleTemplateIds],
        status: 'active',
      },
    ],
    activatedDateTime: '2026-01-12T09:00:00Z',
    endDateTime: '2028-01-12T09:00:00Z',
  }
  customer.partnerRelationships.push(relationship)
  return relationship
}

/** Assignments that count now: of an active relationship, with the roles that it has itself. */
export function effectiveAssignments({
  status,
  roleTemplateIds,
  accessAssignments,
}: PartnerRelationship): AccessAssignment[] {
  if (status !== 'active') return []
  return accessAssignments
    .filter((assignment) => assignment.status === 'active')
    .map((assignment) => ({
      ...assignment,
      roleTemplateIds: assignment.roleTemplateIds.filter((id) => roleTemplateIds.includes(id)),
    }))
}

/** Technicians of one partner's tenant and the roles that they hold at the customer, by template id. */
export function techniciansAt(customer: Tenant, partner: Tenant): { user: User; roles: string[] }[] {
  const assignments = customer.partnerRelationships
    .filter(({ partnerTenantId }) => partnerTenantId === partner.id)
    .flatMap(effectiveAssignments)
  return partner.users
    .map((user) => ({ user, roles: rolesOfMember(partner, user.id, assignments) }))
    .filter(({ roles }) => roles.length > 0)
}

function rolesOfMember(partner: Tenant, userId: string, assignments: readonly AccessAssignment[]): string[] {
  const groups = partner.groups.filter(({ members }) => members.includes(userId)).map(({ id }) => id)
  const held = assignments.filter(({ groupId }) => groups.includes(groupId))
  return [...new Set(held.flatMap(({ roleTemplateIds }) => roleTemplateIds))]
}
