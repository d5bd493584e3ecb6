import { describe, expect, test } from 'vitest'
import {
  type AccessTable,
  enabledGlobalAdministrators,
  mayActOn,
  passwordActions,
  rankOf,
  sensitiveActions,
  sessionActions,
  type TargetRank,
} from './access-rules.ts'
import { aGroup, aTenant, person, userOf } from './builders.ts'
import { type DirectoryRoleName, directoryRoles } from './directory-roles.ts'
import { assignDirectoryRole } from './grants.ts'

const actors = {
  Password: 'Password Administrator',
  Helpdesk: 'Helpdesk Administrator',
  Authentication: 'Authentication Administrator',
  User: 'User Administrator',
  Privileged: 'Privileged Authentication Administrator',
  Global: 'Global Administrator',
} as const satisfies Record<string, DirectoryRoleName>
type Actor = keyof typeof actors

const target = (...roles: DirectoryRoleName[]): TargetRank => ({
  roles: roles.map((name) => directoryRoles[name]),
  isInRoleAssignableGroup: false,
  holdsScopedRole: false,
})

/** Which of the actors may act on the target. */
const allowed = (rank: TargetRank, table: AccessTable): Actor[] =>
  (Object.keys(actors) as Actor[]).filter((actor) => mayActOn([directoryRoles[actors[actor]]], rank, table))

const weak = ['Directory Readers', 'Guest Inviter', 'Password Administrator'] as const
const reading = [
  'Message Center Reader',
  'Reports Reader',
  'User Experience Success Manager',
  'Usage Summary Reports Reader',
] as const
const strict = [
  'Global Administrator',
  'Privileged Authentication Administrator',
  'Privileged Role Administrator',
  'Exchange Administrator',
  'Security Administrator',
  'Global Reader',
] as const

describe('who may change an account', () => {
  const rows: [DirectoryRoleName, Actor[]][] = [
    ...[...weak, ...reading].map((role): [DirectoryRoleName, Actor[]] => [
      role,
      ['Authentication', 'User', 'Privileged', 'Global'],
    ]),
    ['Authentication Administrator', ['Authentication', 'Privileged', 'Global']],
    ['Groups Administrator', ['User', 'Privileged', 'Global']],
    ['Helpdesk Administrator', ['User', 'Privileged', 'Global']],
    ['User Administrator', ['User', 'Privileged', 'Global']],
    ...strict.map((role): [DirectoryRoleName, Actor[]] => [role, ['Privileged', 'Global']]),
  ]
  test.each(rows)('of %s: %s', (role, expected) => {
    expect(allowed(target(role), sensitiveActions)).toEqual(expected)
  })
  test('of people without a role: also the security roles', () => {
    expect(allowed(target(), sensitiveActions)).toEqual(['Authentication', 'User', 'Privileged', 'Global'])
    expect(mayActOn([directoryRoles['Security Operator']], target())).toBe(true)
    expect(mayActOn([directoryRoles['Security Operator']], target('Reports Reader'))).toBe(false)
  })
  test('the strictest of several roles counts', () => {
    expect(allowed(target('Guest Inviter', 'Authentication Administrator'), sensitiveActions)).toEqual([
      'Authentication',
      'Privileged',
      'Global',
    ])
    expect(allowed(target('Guest Inviter', 'Exchange Administrator'), sensitiveActions)).toEqual([
      'Privileged',
      'Global',
    ])
  })
  test('a role-assignable group, a scoped role and a custom role put the target above all but two', () => {
    const guarded = { ...target(), isInRoleAssignableGroup: true }
    const scoped = { ...target('Helpdesk Administrator'), holdsScopedRole: true }
    const custom = { ...target(), roles: ['5f2a6f2e-0000-4000-8000-000000000001'] }
    for (const rank of [guarded, scoped, custom]) {
      expect(allowed(rank, sensitiveActions)).toEqual(['Privileged', 'Global'])
      expect(allowed(rank, passwordActions)).toEqual(['Privileged', 'Global'])
    }
  })
  test('nobody without a role', () => expect(mayActOn([], target())).toBe(false))
})

describe('who may reset a password', () => {
  const rows: [DirectoryRoleName, Actor[]][] = [
    ...weak.map((role): [DirectoryRoleName, Actor[]] => [role, Object.keys(actors) as Actor[]]),
    ...reading.map((role): [DirectoryRoleName, Actor[]] => [
      role,
      ['Helpdesk', 'Authentication', 'User', 'Privileged', 'Global'],
    ]),
    ['Authentication Administrator', ['Authentication', 'Privileged', 'Global']],
    ['Groups Administrator', ['User', 'Privileged', 'Global']],
    ['Helpdesk Administrator', ['Helpdesk', 'User', 'Privileged', 'Global']],
    ['User Administrator', ['User', 'Privileged', 'Global']],
    ...strict.map((role): [DirectoryRoleName, Actor[]] => [role, ['Privileged', 'Global']]),
  ]
  test.each(rows)('of %s: %s', (role, expected) => {
    expect(allowed(target(role), passwordActions)).toEqual(expected)
    expect(allowed(target(role), sessionActions)).toEqual(expected)
  })
})

describe('how high somebody stands', () => {
  const tenant = aTenant({
    people: [
      person('Ada'),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Gustav', { roles: ['Global Administrator'], disabled: true }),
      person('Hana', { rolesByGroup: ['Exchange Administrator'] }),
      person('Omar'),
      person('Scott'),
    ],
  })
  const id = (name: string) => userOf(tenant, name).id
  aGroup(tenant, 'Break glass', { isAssignableToRole: true, owners: [id('Omar')] })
  assignDirectoryRole(tenant, id('Scott'), directoryRoles['Helpdesk Administrator']).directoryScopeId =
    '/administrativeUnits/1'

  test('a role by group counts as a direct one', () => {
    expect(rankOf(tenant, id('Hana'))).toEqual({
      ...target('Exchange Administrator'),
      isInRoleAssignableGroup: true,
    })
    expect(rankOf(tenant, id('Ada'))).toEqual(target())
  })
  test('owners of role-assignable groups hold no role but stand as high', () => {
    expect(rankOf(tenant, id('Omar'))).toEqual({ ...target(), isInRoleAssignableGroup: true })
  })
  test('a role within an administrative unit is seen', () => {
    expect(rankOf(tenant, id('Scott')).holdsScopedRole).toBe(true)
  })
  test('only enabled Global Administrators are counted', () => {
    expect(enabledGlobalAdministrators(tenant)).toEqual([id('Gloria')])
  })
})
