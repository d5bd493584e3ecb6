import { expect, test } from 'vitest'
import { disableUser } from './catalogue/disable-user.ts'
import { leastPermissions, missingPermissions } from './contract.ts'

test('B19 the least permissions are named, and any alternative does', () => {
  expect(leastPermissions(disableUser)).toEqual([
    'User.EnableDisableAccount.All',
    'User.Read.All',
    'RoleManagement.Read.Directory',
    'GroupMember.Read.All',
  ])
  const directoryWriter = new Set(['Directory.ReadWrite.All', 'RoleManagement.ReadWrite.Directory'])
  expect(missingPermissions(disableUser.permissions.application, directoryWriter)).toEqual([])
})

test('B20 what is missing is named by its least permission', () => {
  const granted = new Set(['User.Read.All', 'RoleManagement.Read.Directory', 'Group.Read.All'])
  expect(missingPermissions(disableUser.permissions.application, granted)).toEqual(['User.EnableDisableAccount.All'])
})
