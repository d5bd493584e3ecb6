import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, type GraphWorldOptions } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { aManagedIdentity, aMicrosoftApp, aRegisteredApp, aThirdPartyApp } from '../apps.ts'
import { person } from '../builders.ts'
import { ensureServicePrincipal } from '../grants.ts'
import { graphAppId } from '../microsoft-resources.ts'
import type { ServicePrincipal } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const unknownId = '00000000-0000-4000-8000-000000000000'
const microsoftAppId = '14d82eec-204b-4c2f-b7e8-296a70dab67e'
const denied = { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }
const refused = (status: number, code: string) => ({ status, body: { error: { code } } })
const missing = refused(404, 'Request_ResourceNotFound')
const values = ({ body }: WireAnswer): Record<string, unknown>[] => (body as { value: Record<string, unknown>[] }).value

const contoso = async (
  given: Partial<GraphWorldOptions> = {},
): Promise<{ mailer: ServicePrincipal; path: string; byAppId: string }> => {
  graph = await aGraphWorld({
    permissions: ['Application.ReadWrite.All'],
    ...given,
    people: [
      person('Ada'),
      person('Anton', { roles: ['Application Administrator'] }),
      person('Clara', { roles: ['Cloud Application Administrator'] }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Ursula', { roles: ['User Administrator'] }),
    ],
  })
  const mailer = aThirdPartyApp(graph.tenant, 'Mailer', {
    permissions: ['User.Read.All'],
    consents: { Ada: ['Mail.Read', 'offline_access'] },
  })
  return {
    mailer,
    path: `/servicePrincipals/${mailer.id}`,
    byAppId: `/servicePrincipals(appId='${mailer.appId}')`,
  }
}

const own = (): ServicePrincipal => {
  const found = graph.tenant.servicePrincipals.find(({ appId }) => appId === graph.appId)
  if (!found) throw new Error('The caller is gone.')
  return found
}
const isHere = ({ id }: ServicePrincipal): boolean => graph.tenant.servicePrincipals.some((one) => one.id === id)

describe('reading service principals', () => {
  test('one is found by either id, with what tells whose it is', async () => {
    const { mailer, path, byAppId } = await contoso()
    Object.assign(mailer, {
      verifiedPublisher: {
        displayName: 'Litware',
        verifiedPublisherId: '42',
        addedDateTime: '2025-01-01T00:00:00Z',
      },
      disabledByMicrosoftStatus: 'NotDisabled',
      displayName: 'Renamed here',
    })
    for (const key of [path, byAppId]) {
      expect(await graph.app().get(key)).toMatchObject({
        status: 200,
        body: {
          id: mailer.id,
          appId: mailer.appId,
          displayName: 'Renamed here',
          appDisplayName: 'Mailer',
          accountEnabled: true,
          servicePrincipalType: 'Application',
          appOwnerOrganizationId: mailer.appOwnerOrganizationId,
          verifiedPublisher: { displayName: 'Litware', verifiedPublisherId: '42' },
          replyUrls: ['http://localhost/callback'],
          tags: ['WindowsAzureActiveDirectoryIntegratedApp'],
          disabledByMicrosoftStatus: 'NotDisabled',
        },
      })
    }
    const { body } = await graph.app().get(`/servicePrincipals/${own().id}?$select=verifiedPublisher`)
    expect(body).toMatchObject({ verifiedPublisher: { displayName: null, verifiedPublisherId: null } })
    expect(await graph.app().get(`/servicePrincipals/${unknownId}`)).toMatchObject(missing)
    expect(await graph.app().get(`/servicePrincipals(appId='${unknownId}')`)).toMatchObject(missing)
    expect(await graph.app().get('/servicePrincipals/mailer')).toMatchObject(refused(400, 'Request_BadRequest'))
  })

  test('the list is filtered by id, application id and name', async () => {
    const { mailer } = await contoso()
    const names = async (filter: string): Promise<unknown[]> =>
      values(await graph.app().get(`/servicePrincipals?$select=displayName&$filter=${filter}`)).map(
        ({ displayName }) => displayName,
      )
    expect(await names(`id in ('${mailer.id}','${own().id}')`)).toEqual(['Caller', 'Mailer'])
    expect(await names(`appId eq '${mailer.appId}'`)).toEqual(['Mailer'])
    expect(await names(`appId in ('${mailer.appId}','${graphAppId}')`)).toEqual(['Microsoft Graph', 'Mailer'])
    expect(await names("displayName eq 'Mailer'")).toEqual(['Mailer'])
    expect(await graph.app().get("/servicePrincipals?$filter=notes eq 'x'")).toMatchObject(
      refused(400, 'Request_UnsupportedQuery'),
    )
  })

  test.each([
    [[], 403],
    [['User.Read.All'], 403],
    [['Application.Read.All'], 200],
    [['Application.ReadWrite.All'], 200],
    [['Directory.Read.All'], 200],
    [['Application.ReadWrite.OwnedBy'], 403],
  ])('an application with %j reads another one: %i', async (permissions, status) => {
    const { path } = await contoso({ permissions })
    expect(await graph.app().get(path)).toMatchObject({ status })
  })

  test('with the permission for owned ones an application sees those that it owns', async () => {
    const { mailer, path } = await contoso({ permissions: ['Application.ReadWrite.OwnedBy'] })
    expect(values(await graph.app().get('/servicePrincipals'))).toEqual([])
    mailer.owners.push(own().id)
    expect(values(await graph.app().get('/servicePrincipals'))).toMatchObject([{ id: mailer.id }])
    expect(await graph.app().get(path)).toMatchObject({ status: 200 })
  })
})

describe('deleting service principals', () => {
  test('it goes to the deleted items with its grants and assignments; again it is 404', async () => {
    const { mailer, path } = await contoso()
    expect(await graph.app().send('DELETE', path)).toMatchObject({ status: 204, bytes: { length: 0 } })
    expect(isHere(mailer)).toBe(false)
    expect(graph.tenant.oauth2PermissionGrants.filter(({ clientId }) => clientId === mailer.id)).toEqual([])
    expect(graph.tenant.appRoleAssignments.filter(({ principalId }) => principalId === mailer.id)).toEqual([])
    expect(graph.tenant.deletedItems).toMatchObject([{ type: 'servicePrincipal', object: { id: mailer.id } }])
    expect(await graph.app().send('DELETE', path)).toMatchObject(missing)
    expect(await graph.app().get(path)).toMatchObject(missing)
    expect(graph.microsoft.journal().filter(({ mutates }) => mutates)).toHaveLength(2)
  })

  test('by application id it does the same', async () => {
    const { mailer, byAppId } = await contoso()
    expect(await graph.app().send('DELETE', byAppId)).toMatchObject({ status: 204 })
    expect(isHere(mailer)).toBe(false)
    expect(await graph.app().send('DELETE', byAppId)).toMatchObject(missing)
  })

  test.each([
    [[], 403],
    [['Application.Read.All'], 403],
    [['Directory.Read.All'], 403],
    [['AppRoleAssignment.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All'], 403],
    [['Application.ReadWrite.OwnedBy'], 403],
    [['Application.ReadWrite.All'], 204],
    [['Directory.ReadWrite.All'], 204],
  ])('an application with %j: %i', async (permissions, status) => {
    const { mailer, path } = await contoso({ permissions })
    expect(await graph.app().send('DELETE', path)).toMatchObject({ status })
    expect(isHere(mailer)).toBe(status === 403)
  })

  test('with the permission for owned ones an application deletes what it owns', async () => {
    const { mailer, path } = await contoso({ permissions: ['Application.ReadWrite.OwnedBy'] })
    mailer.owners.push(own().id)
    expect(await graph.app().send('DELETE', path)).toMatchObject({ status: 204 })
  })

  test.each([
    ['Ada', ['Application.ReadWrite.All'], 403],
    ['Ursula', ['Application.ReadWrite.All'], 403],
    ['Anton', ['Application.ReadWrite.All'], 204],
    ['Clara', ['Application.ReadWrite.All'], 204],
    ['Gloria', ['Application.ReadWrite.All'], 204],
    ['Gloria', ['Directory.ReadWrite.All'], 204],
    ['Gloria', ['Application.Read.All'], 403],
    ['Gloria', ['Directory.AccessAsUser.All'], 403],
  ])('%s with %j: %i', async (name, delegated, status) => {
    const { mailer, path } = await contoso({ delegated })
    expect(await graph.as(name).send('DELETE', path)).toMatchObject({ status })
    expect(isHere(mailer)).toBe(status === 403)
  })

  test('a person without a role deletes what it owns', async () => {
    const { mailer, path } = await contoso({ delegated: ['Application.ReadWrite.All'] })
    mailer.owners.push(graph.tenant.users.find(({ displayName }) => displayName === 'Ada')?.id ?? '')
    expect(await graph.as('Ada').send('DELETE', path)).toMatchObject({ status: 204 })
  })

  test('nothing keeps an application from deleting itself; its token works on, a new one is refused', async () => {
    await contoso()
    const caller = graph.app()
    expect(await caller.send('DELETE', `/servicePrincipals/${own().id}`)).toMatchObject({ status: 204 })
    expect(await caller.get('/servicePrincipals')).toMatchObject({ status: 200 })
    expect(() => graph.app()).toThrow(/was not found in the directory/)
  })

  test("Microsoft's own are refused, and with the switch they are back at once with another id", async () => {
    await contoso()
    const tool = aMicrosoftApp(graph.tenant, 'Microsoft Graph Command Line Tools', microsoftAppId)
    expect(await graph.app().send('DELETE', `/servicePrincipals/${tool.id}`)).toMatchObject(
      refused(400, 'Request_BadRequest'),
    )
    expect(isHere(tool)).toBe(true)
    tool.appOwnerOrganizationId = '72f988bf-86f1-41af-91ab-2d7cd011db47'
    expect(await graph.app().send('DELETE', `/servicePrincipals/${tool.id}`)).toMatchObject({ status: 400 })

    graph.world.switches = { microsoftAppsReappear: true }
    expect(await graph.app().send('DELETE', `/servicePrincipals/${tool.id}`)).toMatchObject({ status: 204 })
    expect(await graph.app().get(`/servicePrincipals/${tool.id}`)).toMatchObject(missing)
    const { status, body } = await graph.app().get(`/servicePrincipals(appId='${microsoftAppId}')`)
    expect(status).toBe(200)
    expect(body).not.toMatchObject({ id: tool.id })
  })

  test('a managed identity cannot be deleted', async () => {
    await contoso()
    const identity = aManagedIdentity(graph.tenant, 'backup', { permissions: ['User.Read.All'] })
    expect(await graph.app().get(`/servicePrincipals/${identity.id}`)).toMatchObject({
      body: { servicePrincipalType: 'ManagedIdentity', appOwnerOrganizationId: null },
    })
    expect(await graph.app().send('DELETE', `/servicePrincipals/${identity.id}`)).toMatchObject(
      refused(400, 'Request_BadRequest'),
    )
    expect(isHere(identity)).toBe(true)
  })

  test('the registration stays, and a new consent makes another service principal', async () => {
    await contoso()
    const { application, principal } = aRegisteredApp(graph.world, graph.tenant, 'Intranet')
    await graph.app().send('DELETE', `/servicePrincipals/${principal.id}`)
    expect(graph.world.applications).toContainEqual(application)
    const again = ensureServicePrincipal(graph.tenant, application)
    expect(again.id).not.toBe(principal.id)
  })

  test('a stale read still shows it', async () => {
    const { path } = await contoso()
    graph.microsoft.fault({ fault: 'stale', method: 'GET', path: 'servicePrincipals', args: { ms: 60_000 } })
    await graph.app().send('DELETE', path)
    expect(await graph.app().get(path)).toMatchObject({ status: 200 })
    expect(await graph.app().get(path)).toMatchObject(missing)
  })
})

describe('changing service principals', () => {
  test('one that is disabled gets no token any more', async () => {
    const { mailer, path } = await contoso()
    expect(await graph.app().send('PATCH', path, { accountEnabled: false })).toMatchObject({
      status: 204,
      bytes: { length: 0 },
    })
    expect(mailer.accountEnabled).toBe(false)
    await graph.app().send('PATCH', `/servicePrincipals(appId='${graph.appId}')`, { accountEnabled: false })
    expect(() => graph.app()).toThrow(/is disabled/)
  })

  test.each([[{}], [{ accountEnabled: 'no' }], [{ appId: unknownId }], [[]]])('%j is a bad request', async (body) => {
    const { path } = await contoso()
    expect(await graph.app().send('PATCH', path, body)).toMatchObject(refused(400, 'Request_BadRequest'))
  })

  test('permissions and roles are those of deleting', async () => {
    const { mailer, path } = await contoso({
      permissions: ['Application.Read.All'],
      delegated: ['Application.ReadWrite.All'],
    })
    const disable = { accountEnabled: false }
    expect(await graph.app().send('PATCH', path, disable)).toMatchObject(denied)
    expect(await graph.as('Ursula').send('PATCH', path, disable)).toMatchObject(denied)
    expect(mailer.accountEnabled).toBe(true)
    expect(await graph.as('Clara').send('PATCH', path, disable)).toMatchObject({ status: 204 })
  })
})
