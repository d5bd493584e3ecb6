import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, graphAudience } from '../../test/support/graph-world.ts'
import { type GraphCaller, graphCaller } from '../../test/support/microsoft-calls.ts'
import { aGroup, person, userOf } from '../builders.ts'
import { type DirectoryRoleName, directoryRoles } from '../directory-roles.ts'
import { withPartner } from '../partners.ts'
import type { User } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const disabling = ['User.EnableDisableAccount.All', 'User.Read.All', 'User.RevokeSessions.All']
const denied = { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }
const refused = (status: number, code: string) => ({ status, body: { error: { code } } })

const contoso = (
  given: { permissions?: readonly string[]; delegated?: readonly string[]; roles?: DirectoryRoleName[] } = {},
): Promise<GraphWorld> =>
  aGraphWorld({
    permissions: disabling,
    delegated: disabling,
    ...given,
    people: [
      person('Ada'),
      person('Sven', { synchronised: true }),
      person('Gwen', { guestOf: 'gwen@fabrikam.com' }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Gabriel', { roles: ['Global Administrator'] }),
      person('Hana', { rolesByGroup: ['Exchange Administrator'] }),
      person('Helge', { roles: ['Helpdesk Administrator'] }),
      person('Ursula', { roles: ['User Administrator'] }),
      person('Pia', { roles: ['Privileged Authentication Administrator'] }),
    ],
  })

const user = (name: string): User => userOf(graph.tenant, name)
const disable = (caller: GraphCaller, name: string) =>
  caller.send('PATCH', `/users/${encodeURIComponent(user(name).userPrincipalName)}`, { accountEnabled: false })
const revoke = (caller: GraphCaller, name: string) =>
  caller.send('POST', `/users/${user(name).id}/revokeSignInSessions`)
const isEnabled = (name: string) => graph.microsoft.user(user(name).id).accountEnabled

describe('PATCH accountEnabled', () => {
  test('an application with the permission disables people without a role, synchronised ones and guests too', async () => {
    graph = await contoso()
    for (const name of ['Ada', 'Sven', 'Gwen']) {
      expect(await disable(graph.app(), name)).toMatchObject({ status: 204, bytes: { length: 0 } })
      expect(isEnabled(name)).toBe(false)
      expect(await disable(graph.app(), name)).toMatchObject({ status: 204 })
    }
    expect(await graph.app().send('PATCH', `/users/${user('Ada').id}`, { accountEnabled: true })).toMatchObject({
      status: 204,
    })
    expect(isEnabled('Ada')).toBe(true)
    expect(graph.microsoft.journal().filter(({ mutates }) => mutates)).toHaveLength(7)
  })

  test.each([
    [[], 403],
    [['User.EnableDisableAccount.All'], 403],
    [['User.Read.All'], 403],
    [['User.EnableDisableAccount.All', 'User.Read.All'], 204],
    [['User.ReadWrite.All'], 204],
    [['Directory.ReadWrite.All'], 204],
  ])('with %j: %i', async (permissions, status) => {
    graph = await contoso({ permissions })
    expect(await disable(graph.app(), 'Ada')).toMatchObject({ status })
    expect(isEnabled('Ada')).toBe(status === 403)
  })

  test('an application without a role touches no administrator, direct, by group, or owner of such a group', async () => {
    graph = await contoso()
    aGroup(graph.tenant, 'Break glass', { isAssignableToRole: true, owners: [user('Ada').id] })
    for (const name of ['Gloria', 'Hana', 'Helge', 'Ada']) {
      expect(await disable(graph.app(), name)).toMatchObject(denied)
      expect(isEnabled(name)).toBe(true)
    }
    expect(graph.microsoft.journal().filter(({ mutates }) => mutates)).toHaveLength(4)
  })

  test('a role on the service principal reaches as far as the table says', async () => {
    graph = await contoso({ roles: ['User Administrator'] })
    expect(await disable(graph.app(), 'Helge')).toMatchObject({ status: 204 })
    expect(await disable(graph.app(), 'Hana')).toMatchObject(denied)
  })

  test('a role on the service principal works only in new tokens', async () => {
    graph = await contoso()
    const old = graph.app()
    const principal = graph.tenant.servicePrincipals.find(({ appId }) => appId === graph.appId)
    graph.tenant.roleAssignments.push({
      id: 'new',
      principalId: principal?.id ?? '',
      roleDefinitionId: directoryRoles['Privileged Authentication Administrator'],
      directoryScopeId: '/',
    })
    expect(await disable(old, 'Hana')).toMatchObject(denied)
    expect(await disable(graph.app(), 'Hana')).toMatchObject({ status: 204 })
  })

  test.each([
    ['Ada', 'Sven', 403],
    ['Helge', 'Ada', 403],
    ['Ursula', 'Ada', 204],
    ['Ursula', 'Helge', 204],
    ['Ursula', 'Gloria', 403],
    ['Pia', 'Gloria', 204],
    ['Pia', 'Hana', 204],
    ['Gloria', 'Pia', 204],
  ])('%s disables %s: %i', async (actor, target, status) => {
    graph = await contoso()
    expect(await disable(graph.as(actor), target)).toMatchObject({ status })
    expect(isEnabled(target)).toBe(status === 403)
  })

  test('a person needs the delegated permission as well; Directory.AccessAsUser.All is one', async () => {
    graph = await contoso({ delegated: ['User.Read'] })
    expect(await disable(graph.as('Pia'), 'Ada')).toMatchObject(denied)
    await graph.microsoft.close()
    graph = await contoso({ delegated: ['Directory.AccessAsUser.All'] })
    expect(await disable(graph.as('Pia'), 'Ada')).toMatchObject({ status: 204 })
  })

  test("a partner's technician acts with the roles of the relationship", async () => {
    graph = await contoso()
    const fabrikam = graph.microsoft.tenant('Fabrikam')
    const otto = userOf(fabrikam, 'Otto')
    const relationship = withPartner(graph.tenant, fabrikam, { technicians: ['Otto'], roles: ['User Administrator'] })
    const technician = () =>
      graphCaller(
        graph.microsoft,
        graph.microsoft.token({
          tenantId: graph.tenant.id,
          userId: otto.id,
          appId: graph.appId,
          audience: graphAudience,
        }),
      )
    expect(await disable(technician(), 'Hana')).toMatchObject(denied)
    relationship.roleTemplateIds.push(directoryRoles['Privileged Authentication Administrator'])
    expect(await disable(technician(), 'Hana')).toMatchObject(denied)
    relationship.accessAssignments[0]?.roleTemplateIds.push(directoryRoles['Privileged Authentication Administrator'])
    expect(await disable(technician(), 'Hana')).toMatchObject({ status: 204 })
    expect(await technician().get('/me')).toMatchObject({ status: 404 })
  })

  test('the last enabled Global Administrator stays', async () => {
    graph = await contoso()
    expect(await disable(graph.as('Pia'), 'Gloria')).toMatchObject({ status: 204 })
    expect(await disable(graph.as('Pia'), 'Gabriel')).toMatchObject(refused(400, 'Request_BadRequest'))
    expect(isEnabled('Gabriel')).toBe(true)
    graph.world.switches = { lastGlobalAdministratorCanBeDisabled: true }
    expect(await disable(graph.as('Pia'), 'Gabriel')).toMatchObject({ status: 204 })
    expect(isEnabled('Gabriel')).toBe(false)
  })

  test('members of a restricted administrative unit are out of reach', async () => {
    graph = await contoso()
    user('Ada').isManagementRestricted = true
    expect(await disable(graph.app(), 'Ada')).toMatchObject(denied)
    expect(await disable(graph.as('Pia'), 'Ada')).toMatchObject(denied)
  })

  test.each([
    [{ accountEnabled: 'false' }],
    [{ accountEnabled: null }],
    [{ enabled: false }],
    [{}],
    [[]],
    ['{ "accountEnabled": '],
  ])('%j is a bad body', async (body) => {
    graph = await contoso()
    expect(await graph.app().send('PATCH', `/users/${user('Ada').id}`, body)).toMatchObject({ status: 400 })
    expect(isEnabled('Ada')).toBe(true)
  })

  test('a body needs its content type, a property its permission, a person its existence', async () => {
    graph = await contoso()
    const path = `/users/${user('Ada').id}`
    const plain = { 'Content-Type': 'text/plain' }
    expect(await graph.app().send('PATCH', path, { accountEnabled: false }, plain)).toMatchObject({ status: 400 })
    expect(await graph.app().send('PATCH', path, { jobTitle: 'Buyer' })).toMatchObject(denied)
    const nobody = '/users/00000000-0000-4000-8000-000000000000'
    expect(await graph.app().send('PATCH', nobody, { accountEnabled: false })).toMatchObject(
      refused(404, 'Request_ResourceNotFound'),
    )
  })
})

describe('faults', () => {
  test('a stale read shows the state before the write', async () => {
    graph = await contoso()
    graph.microsoft.fault({ fault: 'stale', service: 'graph', method: 'GET', args: { ms: 60_000 } })
    await disable(graph.app(), 'Ada')
    const read = async () => (await graph.app().get(`/users/${user('Ada').id}?$select=accountEnabled`)).body
    expect(await read()).toMatchObject({ accountEnabled: true })
    expect(await read()).toMatchObject({ accountEnabled: false })
  })

  test('directory synchronisation puts a person back', async () => {
    graph = await contoso()
    graph.microsoft.fault({ fault: 'syncReverts', args: { ms: 5 } })
    await disable(graph.app(), 'Sven')
    await expect.poll(() => isEnabled('Sven')).toBe(true)
  })
})

describe('revokeSignInSessions', () => {
  test('moves the time from which sessions are valid, of administrators too', async () => {
    graph = await contoso()
    for (const name of ['Ada', 'Gloria']) {
      const before = user(name).signInSessionsValidFromDateTime
      expect(await revoke(graph.app(), name)).toMatchObject({ status: 200, body: { value: true } })
      expect(Date.parse(user(name).signInSessionsValidFromDateTime)).toBeGreaterThan(Date.parse(before))
    }
  })

  test('what Microsoft does not document can be switched', async () => {
    graph = await contoso({ roles: ['User Administrator'] })
    graph.world.switches = { revokeRefusesAdminTargets: true, revokeAnswers204: true }
    expect(await revoke(graph.app(), 'Ada')).toMatchObject({ status: 204, bytes: { length: 0 } })
    expect(await revoke(graph.app(), 'Helge')).toMatchObject({ status: 204 })
    expect(await revoke(graph.app(), 'Gloria')).toMatchObject(denied)
  })

  test.each([
    ['Ada', 'Ada', 200],
    ['Ada', 'Sven', 403],
    ['Helge', 'Ada', 200],
    ['Helge', 'Ursula', 403],
    ['Pia', 'Gloria', 200],
  ])('%s revokes the sessions of %s: %i', async (actor, target, status) => {
    graph = await contoso()
    expect(await revoke(graph.as(actor), target)).toMatchObject({ status })
  })

  test('needs its permission and an existing person', async () => {
    graph = await contoso({ permissions: ['User.Read.All'] })
    expect(await revoke(graph.app(), 'Ada')).toMatchObject(denied)
    await graph.microsoft.close()
    graph = await contoso()
    const nobody = '/users/00000000-0000-4000-8000-000000000000/revokeSignInSessions'
    expect(await graph.app().send('POST', nobody)).toMatchObject(refused(404, 'Request_ResourceNotFound'))
  })
})
