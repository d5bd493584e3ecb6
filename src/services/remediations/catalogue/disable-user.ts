import { hasGlobalAdministratorBesides, readRoleRoster } from '../../facts/role-roster.ts'
import { available, defineRemediation, greyedOut } from '../contract.ts'
import { isAboutAUser } from '../offered.ts'
import { objectIdOf, readEnabled } from '../read-back.ts'

/** A1. Rules B8, B10, B11, B13, B22, B27. */
export const disableUser = defineRemediation({
  kind: 'DISABLE_USER',
  group: 'BLOCK_USER',
  actsOn: 'USER',
  offeredOn: isAboutAUser,
  needs: ['user', 'adminStanding'],
  permissions: {
    delegated: [
      ['User.EnableDisableAccount.All', 'User.ReadWrite.All', 'Directory.AccessAsUser.All'],
      ['User.Read.All', 'User.ReadWrite.All', 'Directory.AccessAsUser.All'],
    ],
    application: [
      ['User.EnableDisableAccount.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
      // Directory.Read.All reads users, too, but makes no change with `User.EnableDisableAccount.All`.
      ['User.Read.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
      ['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory'],
      [
        'GroupMember.Read.All',
        'Group.Read.All',
        'Group.ReadWrite.All',
        'Directory.Read.All',
        'Directory.ReadWrite.All',
      ],
    ],
  },
  title: 'Disable user',
  effect: 'Blocks sign-in: the user cannot sign in to this tenant until the account is enabled again.',
  limits:
    'Access tokens that are already out live on for up to 90 minutes where the service does not evaluate access continuously. Revoke sessions as well.',
  impact: 'HIGH',
  recommended: true,
  reversible: true,
  howToUndo:
    'Microsoft 365 admin center: open the user and choose "Unblock sign-in". Or Entra admin center: open the user, "Edit properties", "Settings", tick "Account enabled". Keep a close eye on the account afterwards: it may be compromised anew.',
  assess({ user, adminStanding }) {
    if (!user.accountEnabled) return greyedOut('ALREADY_DISABLED')
    if (adminStanding.isLastEnabledGlobalAdministrator) return greyedOut('LAST_GLOBAL_ADMINISTRATOR')
    return available(user.isSynchronised ? ['DIRECTORY_SYNC_MAY_REVERT', 'TOKENS_LIVE_ON'] : ['TOKENS_LIVE_ON'], {
      needsPrivilegedSignIn: adminStanding.isAdministrator,
      needsTenantLease: adminStanding.isGlobalAdministrator,
    })
  },
  disablesAccount: true,
  calls: ({ user }) => [{ service: 'GRAPH', method: 'PATCH', path: `/users/${user.id}` }],
  evidence: ({ user }) => ({ before: { accountEnabled: user.accountEnabled }, after: { accountEnabled: false } }),
  async apply({ graph }, { user }) {
    const path = `/users/${encodeURIComponent(user.id)}`
    return (await graph.patch(path, { accountEnabled: false }, { repeatable: true })).requestId
  },
  confirm: async ({ graph }, subject) => !(await readEnabled(graph, objectIdOf(subject))),
  /** Another tool may have disabled the last but one at the same moment (B13). The account itself never counts: reads may lag. */
  safeguard: {
    async objection(reader, { user, adminStanding }) {
      if (!adminStanding.isGlobalAdministrator) return null
      return hasGlobalAdministratorBesides(await readRoleRoster(reader), user.id) ? null : 'LAST_GLOBAL_ADMINISTRATOR'
    },
    calls: ({ user }) => [{ service: 'GRAPH', method: 'PATCH', path: `/users/${user.id}` }],
    undo: ({ graph }, { user }) =>
      graph.patch(`/users/${encodeURIComponent(user.id)}`, { accountEnabled: true }, { repeatable: true }),
  },
  describe: ({ user }) => `Disabled sign-in of ${user.displayName} (${user.userPrincipalName})`,
  afterwards: 'When the account is enabled again, keep a close eye on it: it may be compromised anew.',
})
