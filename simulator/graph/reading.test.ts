import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, graphAudience } from '../../test/support/graph-world.ts'
import { callMicrosoft, graphCaller, type WireAnswer } from '../../test/support/microsoft-calls.ts'
import { aGroup, person, userOf } from '../builders.ts'
import { directoryRoles } from '../directory-roles.ts'
import { graphApp } from './app.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const unknownId = '00000000-0000-4000-8000-000000000000'
const eventual = { ConsistencyLevel: 'eventual' }
const reading = ['User.Read.All', 'GroupMember.Read.All', 'RoleManagement.Read.Directory', 'Application.Read.All']

const contoso = (permissions: readonly string[] = reading, delegated: readonly string[] = []): Promise<GraphWorld> =>
  aGraphWorld({
    permissions,
    delegated,
    people: [
      person('Ada'),
      person('Bruno', { disabled: true }),
      person('Carla', { mailbox: false }),
      person('Gwen', { guestOf: 'gwen@fabrikam.com' }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Hana', { rolesByGroup: ['Exchange Administrator'] }),
    ],
  })

const refused = (status: number, code: string) => ({ status, body: { error: { code } } })
const values = ({ body }: WireAnswer): Record<string, unknown>[] => (body as { value: Record<string, unknown>[] }).value

describe('who calls', () => {
  test('without a token, or with one for another API, the answer is 401 and says where to get one', async () => {
    graph = await contoso()
    const { microsoft, tenant } = graph
    const none = await callMicrosoft(microsoft, '/v1.0/users')
    expect(none).toMatchObject(refused(401, 'InvalidAuthenticationToken'))
    expect(none.headers['www-authenticate']).toContain('client_id="00000003-0000-0000-c000-000000000000"')
    const forExchange = microsoft.token({
      tenantId: tenant.id,
      appId: graph.appId,
      audience: 'https://outlook.office365.com',
    })
    expect(await graphCaller(microsoft, forExchange).get('/users')).toMatchObject({ status: 401 })
    const expired = { tenantId: tenant.id, appId: graph.appId, audience: graphAudience, expiresInSeconds: -600 }
    expect(await graphCaller(microsoft, microsoft.token(expired)).get('/users')).toMatchObject({ status: 401 })
    expect(microsoft.journal().filter(({ status }) => status === 401)).toHaveLength(3)
  })

  test('a missing permission is refused in the words of the workload', async () => {
    graph = await contoso([])
    const app = graph.app()
    const { id } = userOf(graph.tenant, 'Ada')
    expect(await app.get('/users')).toMatchObject(refused(403, 'Authorization_RequestDenied'))
    expect(await app.get(`/users/${id}/mailboxSettings`)).toMatchObject(refused(403, 'ErrorAccessDenied'))
    expect(await app.get('/roleManagement/directory/roleAssignments')).toMatchObject(refused(403, 'Forbidden'))
  })

  test('people and objects of another tenant are unknown', async () => {
    graph = await contoso()
    const otto = graph.microsoft.tenant('Fabrikam').users[0]
    expect(await graph.app().get(`/users/${otto?.id}`)).toMatchObject(refused(404, 'Request_ResourceNotFound'))
    const { body } = await graph.app().get('/users?$select=id')
    expect(JSON.stringify(body)).not.toContain(otto?.id)
  })

  test('a person reads itself with User.Read, and others only with more', async () => {
    graph = await contoso([], ['User.Read'])
    const ada = graph.as('Ada')
    expect(await ada.get('/me?$select=displayName')).toMatchObject({ status: 200, body: { displayName: 'Ada' } })
    expect(await ada.get(`/users/${userOf(graph.tenant, 'Ada').id}`)).toMatchObject({ status: 200 })
    expect(await ada.get(`/users/${userOf(graph.tenant, 'Bruno').id}`)).toMatchObject({ status: 403 })
  })

  test('an application has no /me', async () => {
    graph = await contoso()
    expect(await graph.app().get('/me')).toMatchObject(refused(400, 'BadRequest'))
  })

  test('ids of a request are answered, and echoed when they are sent', async () => {
    graph = await contoso()
    const sent = await graph.app().get('/users', { 'client-request-id': unknownId })
    expect(sent.headers).toMatchObject({ 'request-id': expect.any(String), 'client-request-id': unknownId })
    const { headers, body } = await graph.app().get(`/users/${unknownId}`)
    expect(body).toMatchObject({ error: { innerError: { 'request-id': headers['request-id'] } } })
  })
})

describe('what is asked', () => {
  test('a user without $select comes with the short default set', async () => {
    graph = await contoso()
    const { id } = userOf(graph.tenant, 'Ada')
    const { body } = await graph.app().get(`/users/${id}`)
    expect(
      Object.keys(body as object)
        .filter((name) => !name.startsWith('@'))
        .toSorted(),
    ).toEqual([
      ...['businessPhones', 'displayName', 'givenName', 'id', 'jobTitle', 'mail', 'mobilePhone'],
      ...['officeLocation', 'preferredLanguage', 'surname', 'userPrincipalName'],
    ])
    const selected = await graph.app().get(`/users/${id}?$select=id,accountEnabled,userType,password`)
    expect(selected).toMatchObject(refused(400, 'BadRequest'))
    const known = await graph.app().get(`/users/${id}?$select=accountEnabled,userType`)
    expect(known.body).toMatchObject({ accountEnabled: true, userType: 'Member' })
    expect(known.headers['x-ms-resource-unit']).toBe('1')
  })

  test('a guest is found by user principal name only when # is encoded', async () => {
    graph = await contoso()
    const { userPrincipalName } = userOf(graph.tenant, 'Gwen')
    expect(await graph.app().get(`/users/${encodeURIComponent(userPrincipalName)}`)).toMatchObject({ status: 200 })
    expect(await graph.app().get(`/users('${encodeURIComponent(userPrincipalName)}')`)).toMatchObject({ status: 200 })
    const { body } = await graph.app().batch([{ id: '1', method: 'GET', url: `/users/${userPrincipalName}` }])
    expect(body).toMatchObject({ responses: [{ status: 400 }] })
  })

  test.each([
    ['GET', '/users/not-an-id', 400, 'Request_BadRequest'],
    ['GET', `/users/${unknownId}`, 404, 'Request_ResourceNotFound'],
    ['GET', '/users/nobody@contoso.com', 404, 'Request_ResourceNotFound'],
    ['GET', '/nothing', 400, 'BadRequest'],
    ['DELETE', '/users', 405, 'Request_BadRequest'],
    ['GET', `/users/${unknownId}/revokeSignInSessions`, 405, 'Request_BadRequest'],
    ['GET', "/users?$filter=startswith(displayName,'A')", 400, 'Request_UnsupportedQuery'],
    ['GET', "/users?$filter=displayName eq 'Ada'", 400, 'Request_UnsupportedQuery'],
    ['GET', "/users?$filter=accountEnabled eq 'true'", 400, 'Request_BadRequest'],
    ['GET', "/users?$filter=id eq 'x' or", 400, 'Request_UnsupportedQuery'],
    ['GET', '/users?$search="displayName:Ada"', 400, 'Request_UnsupportedQuery'],
    ['GET', '/users?$skip=5', 400, 'Request_BadRequest'],
    ['GET', '/users?$top=1000', 400, 'Request_BadRequest'],
    ['GET', '/users?$skiptoken=nonsense', 400, 'Request_BadRequest'],
    ['GET', '/users?$count=true', 400, 'Request_UnsupportedQuery'],
    ['GET', '/users?$expand=manager', 400, 'Request_UnsupportedQuery'],
    ['GET', '/groups?$expand=settings', 400, 'BadRequest'],
  ])('%s %s is refused: %i %s', async (method, path, status, code) => {
    graph = await contoso()
    expect(await graph.app().send(method, path)).toMatchObject(refused(status, code))
  })

  test('people are filtered by ids, names and state; a list has at most 15 values', async () => {
    graph = await contoso()
    const app = graph.app()
    const ids = ['Ada', 'Gwen'].map((name) => userOf(graph.tenant, name).id)
    const inList = (list: string[]) => `/users?$filter=id in (${list.map((id) => `'${id}'`).join(',')})&$select=id`
    expect(values(await app.get(inList([...ids, unknownId]))).map(({ id }) => id)).toEqual(ids)
    expect(await app.get(inList(Array.from({ length: 16 }, () => unknownId)))).toMatchObject({
      ...refused(400, 'Request_UnsupportedQuery'),
      body: { error: { message: expect.stringMatching(/16.*15/) } },
    })
    const upn = encodeURIComponent(userOf(graph.tenant, 'Gwen').userPrincipalName.toUpperCase())
    expect(values(await app.get(`/users?$filter=userPrincipalName eq '${upn}'`))).toMatchObject([
      { displayName: 'Gwen' },
    ])
    expect(values(await app.get('/users?$filter=accountEnabled eq false'))).toMatchObject([{ displayName: 'Bruno' }])
    const either = `/users?$filter=id eq '${ids[0]}' or id eq '${ids[1]}'`
    expect(values(await app.get(either))).toHaveLength(2)
  })

  test('a long list comes in pages, whose links are followed as they are', async () => {
    graph = await contoso()
    const names: unknown[] = []
    let next = '/users?$select=displayName&$top=4&$count=true'
    const counts: unknown[] = []
    while (next) {
      const { body } = await graph.app().get(next, eventual)
      const page = body as Record<string, unknown>
      names.push(...values({ body } as WireAnswer).map(({ displayName }) => displayName))
      counts.push(page['@odata.count'])
      const link = page['@odata.nextLink']
      next = typeof link === 'string' ? link.replace(`${graph.microsoft.url}/v1.0`, '') : ''
    }
    expect(names).toEqual(graph.tenant.users.map(({ displayName }) => displayName))
    expect(counts).toEqual([6, undefined])
  })

  test('100 come without $top', async () => {
    graph = await aGraphWorld({
      permissions: ['User.Read.All'],
      people: Array.from({ length: 101 }, (_, index) => person(`Person ${index}`)),
    })
    const { body } = await graph.app().get('/users?$select=id')
    expect(body).toMatchObject({ value: { length: 100 }, '@odata.nextLink': expect.stringContaining('$skiptoken=') })
  })
})

describe('groups and roles', () => {
  test('casts need their header and $count', async () => {
    graph = await contoso()
    const { id } = userOf(graph.tenant, 'Hana')
    const path = `/users/${id}/transitiveMemberOf/microsoft.graph.group?$select=id,isAssignableToRole`
    expect(await graph.app().get(`${path}&$count=true`)).toMatchObject(refused(400, 'Request_UnsupportedQuery'))
    expect(await graph.app().get(path, eventual)).toMatchObject(refused(400, 'Request_UnsupportedQuery'))
    const groups = await graph.app().get(`${path}&$count=true`, eventual)
    expect(groups.body).toMatchObject({ '@odata.count': 1, value: [{ isAssignableToRole: true }] })
  })

  test('a group inside a group is seen by transitive ways only', async () => {
    graph = await contoso([...reading, 'Directory.Read.All'])
    const { tenant } = graph
    const ada = userOf(tenant, 'Ada')
    const inner = aGroup(tenant, 'Inner', { members: [ada.id] })
    const outer = aGroup(tenant, 'Outer', { members: [inner.id], owners: [userOf(tenant, 'Gloria').id] })
    const app = graph.app()
    const ids = async (path: string) => values(await app.get(path, eventual)).map(({ id }) => id)
    expect(await ids(`/users/${ada.id}/memberOf?$select=id`)).toEqual([inner.id])
    expect(await ids(`/users/${ada.id}/transitiveMemberOf?$select=id`)).toEqual([inner.id, outer.id])
    expect(await ids(`/groups/${outer.id}/members?$select=id`)).toEqual([inner.id])
    expect(await ids(`/groups/${outer.id}/transitiveMembers?$select=id`)).toEqual([inner.id, ada.id])
    expect(await ids(`/groups/${outer.id}/transitiveMembers/microsoft.graph.user?$count=true`)).toEqual([ada.id])
    expect(values(await app.get(`/groups/${outer.id}/owners`))).toMatchObject([
      { '@odata.type': '#microsoft.graph.user', displayName: 'Gloria' },
    ])
  })

  test('members of a type that the caller may not read show type and id only', async () => {
    graph = await contoso(['GroupMember.Read.All'])
    const group = graph.tenant.groups[0]
    const hana = userOf(graph.tenant, 'Hana')
    expect(values(await graph.app().get(`/groups/${group?.id}/members?$select=id,accountEnabled`))).toEqual([
      { '@odata.type': '#microsoft.graph.user', id: hana.id, accountEnabled: null },
    ])
  })

  test('role-assignable groups are found, with up to 20 members', async () => {
    graph = await contoso()
    const path = '/groups?$filter=isAssignableToRole eq true&$select=id,displayName&$expand=members'
    aGroup(graph.tenant, 'Everybody', { members: graph.tenant.users.map(({ id }) => id) })
    expect(values(await graph.app().get(path))).toMatchObject([
      { displayName: 'Exchange Administrators', members: [{ displayName: 'Hana' }] },
    ])
  })

  test('role assignments name the group that holds them, and their definition on demand', async () => {
    graph = await contoso()
    const app = graph.app()
    const [group] = graph.tenant.groups
    const gloria = userOf(graph.tenant, 'Gloria')
    const path = `/roleManagement/directory/roleAssignments?$filter=principalId in ('${gloria.id}','${group?.id}')`
    expect(values(await app.get(`${path}&$expand=roleDefinition`))).toMatchObject([
      { principalId: gloria.id, directoryScopeId: '/', roleDefinition: { displayName: 'Global Administrator' } },
      { principalId: group?.id, roleDefinition: { templateId: directoryRoles['Exchange Administrator'] } },
    ])
    expect(values(await app.get(path))[0]).not.toHaveProperty('roleDefinition')
    const byRole = `/roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq '${directoryRoles['Global Administrator']}'&$select=principalId`
    expect(values(await app.get(byRole))).toEqual([{ principalId: gloria.id }])
    expect(await app.get('/roleManagement/directory/roleAssignments?$top=1')).toMatchObject({
      body: { '@odata.nextLink': expect.any(String) },
    })
  })

  test('only activated roles exist as directory roles', async () => {
    graph = await contoso()
    const app = graph.app()
    const roles = values(await app.get('/directoryRoles'))
    expect(roles.map(({ displayName }) => displayName)).toEqual(['Global Administrator', 'Exchange Administrator'])
    expect(roles.map(({ id }) => id)).not.toContain(directoryRoles['Global Administrator'])
    const members = (template: string) => app.get(`/directoryRoles(roleTemplateId='${template}')/members`)
    expect(values(await members(directoryRoles['Global Administrator']))).toMatchObject([{ displayName: 'Gloria' }])
    expect(values(await app.get(`/directoryRoles/${roles[0]?.id}/members`))).toMatchObject([{ displayName: 'Gloria' }])
    expect(await members(directoryRoles['Search Administrator'])).toMatchObject({ status: 404 })
  })

  test('checkMemberObjects tells groups, roles and role templates that are held, at most 20 at once', async () => {
    graph = await contoso()
    const [group] = graph.tenant.groups
    const ids = [group?.id, directoryRoles['Exchange Administrator'], directoryRoles['Global Administrator'], unknownId]
    const path = `/users/${userOf(graph.tenant, 'Hana').id}/checkMemberObjects`
    expect(await graph.app().send('POST', path, { ids })).toMatchObject({
      status: 200,
      body: { value: [group?.id, directoryRoles['Exchange Administrator']] },
    })
    const many = Array.from({ length: 21 }, () => unknownId)
    expect(await graph.app().send('POST', path, { ids: many })).toMatchObject(refused(400, 'Request_BadRequest'))
  })

  test('transitive role assignments are beta only, and an advanced query', async () => {
    graph = await contoso()
    const { microsoft, tenant, appId } = graph
    const hana = userOf(tenant, 'Hana')
    const path = `/roleManagement/directory/transitiveRoleAssignments?$filter=${encodeURIComponent(`principalId eq '${hana.id}'`)}`
    expect(await graph.app().get(`${path}&$count=true`, eventual)).toMatchObject(refused(400, 'BadRequest'))

    const beta = new Hono().route('/beta', graphApp(microsoft.simulator.engine, 'beta'))
    const authorization = `Bearer ${microsoft.token({ tenantId: tenant.id, appId, audience: graphAudience })}`
    const ask = (headers: Record<string, string>) =>
      beta.request(`https://graph/beta${path}&$count=true`, { headers: { authorization, ...headers } })
    expect((await ask({})).status).toBe(400)
    const answer = await ask(eventual)
    expect(await answer.json()).toMatchObject({ value: [{ principalId: tenant.groups[0]?.id }] })
  })
})

describe('objects, applications, the organization', () => {
  test('getByIds gives what exists, by type, and silently nothing else', async () => {
    graph = await contoso(['Directory.Read.All'])
    const app = graph.app()
    const [group] = graph.tenant.groups
    const ada = userOf(graph.tenant, 'Ada')
    const ids = [ada.id, group?.id, unknownId]
    const all = await app.send('POST', '/directoryObjects/getByIds?$select=id,displayName', { ids })
    expect(values(all).map((item) => item['@odata.type'])).toEqual(['#microsoft.graph.user', '#microsoft.graph.group'])
    const users = await app.send('POST', '/directoryObjects/getByIds', { ids, types: ['user'] })
    expect(values(users)).toMatchObject([{ id: ada.id }])
    const many = Array.from({ length: 1001 }, () => unknownId)
    expect(await app.send('POST', '/directoryObjects/getByIds', { ids: many })).toMatchObject({ status: 400 })
    expect(await app.send('POST', '/directoryObjects/getByIds', { ids: 'x' })).toMatchObject({ status: 400 })
  })

  test('what an application was granted', async () => {
    graph = await contoso(reading, ['User.Read', 'openid'])
    const app = graph.app()
    const self = `/servicePrincipals(appId='${graph.appId}')`
    expect(await app.get(`${self}?$select=id,accountEnabled`)).toMatchObject({ body: { accountEnabled: true } })
    const assignments = values(await app.get(`${self}/appRoleAssignments`))
    expect(assignments).toHaveLength(reading.length)
    expect(assignments[0]).toMatchObject({ resourceDisplayName: 'Microsoft Graph', principalType: 'ServicePrincipal' })
    expect(values(await app.get(`${self}/oauth2PermissionGrants`))).toMatchObject([{ scope: 'User.Read openid' }])
    expect(await app.get('/oauth2PermissionGrants')).toMatchObject({ status: 403 })
    const filter = "appId in ('00000003-0000-0000-c000-000000000000','00000002-0000-0ff1-ce00-000000000000')"
    expect(values(await app.get(`/servicePrincipals?$filter=${filter}&$select=id,appId`))).toHaveLength(2)
    expect(await app.get(`/servicePrincipals(appId='${unknownId}')`)).toMatchObject({ status: 404 })
  })

  test('domains and the organization', async () => {
    graph = await contoso(['Domain.Read.All', 'User.Read.All'])
    graph.tenant.domains.push({
      id: 'fabrikam.com',
      isInitial: false,
      authenticationType: 'Managed',
      isVerified: false,
    })
    expect(values(await graph.app().get('/domains'))).toMatchObject([
      { id: 'contoso.onmicrosoft.com', isInitial: true, isDefault: false, isVerified: true },
      { id: 'contoso.com', authenticationType: 'Managed', isDefault: true, isVerified: true },
      { id: 'fabrikam.com', isVerified: false },
    ])
    const [organization] = values(await graph.app().get('/organization'))
    expect(organization).toMatchObject({
      id: graph.tenant.id,
      displayName: 'Contoso',
      verifiedDomains: [{ name: 'contoso.onmicrosoft.com' }, { name: 'contoso.com' }],
    })
  })

  test('an absent mailbox is said in two ways', async () => {
    graph = await contoso(['MailboxSettings.Read'])
    const app = graph.app()
    const settings = (name: string) => app.get(`/users/${userOf(graph.tenant, name).id}/mailboxSettings`)
    expect(await settings('Ada')).toMatchObject({ status: 200, body: { userPurpose: 'user' } })
    expect(await settings('Carla')).toMatchObject(refused(404, 'MailboxNotEnabledForRESTAPI'))
    expect(await settings('Carla')).toMatchObject(refused(404, 'ResourceNotFound'))
  })
})
