import { globalAdministratorRoleId, type RoleRoster } from '../facts/role-roster.ts'

/** Exchange Administrator, Global Administrator: only these cover every cmdlet that a remediation sends (reference, section 4.2). */
const roleIds = ['29232cdf-9323-42fd-ade2-1d097af3e4de', globalAdministratorRoleId]

export const holdsExchangeRole = (roster: RoleRoster, servicePrincipalId: string): boolean =>
  roster.rolesOf(servicePrincipalId).some((role) => roleIds.includes(role))
