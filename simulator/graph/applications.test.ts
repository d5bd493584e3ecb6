import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, type GraphWorldOptions } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { aRegisteredApp } from '../apps.ts'
import { person } from '../builders.ts'
import { ensureServicePrincipal } from '../grants.ts'
import type { Application, ServicePrincipal } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const unknownId = '00000000-0000-4000-8000-000000000000'
const missing = { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } }
const values = ({ body }: WireAnswer): Record<string, unknown>[] => (body as { value: Record<string, unknown>[] }).value

async function contoso(
  given: Partial<GraphWorldOptions> = {},
): Promise<{ application: Application; principal: ServicePrincipal }> {
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
  return aRegisteredApp(graph.world, graph.tenant, 'Intranet', { permissions: ['User.Read.All'] })
}

const isRegistered = ({ id }: Application): boolean => graph.world.applications.some((one) => one.id === id)

describe('reading applications', () => {
  test('a registration is found by either id in its home tenant, without its secrets', async () => {
    const { application } = await contoso()
    for (const key of [`/applications/${application.id}`, `/applications(appId='${application.appId}')`]) {
      const answer = await graph.app().get(key)
      expect(answer).toMatchObject({
        status: 200,
        body: {
          id: application.id,
          appId: application.appId,
          displayName: 'Intranet',
          signInAudience: 'AzureADMyOrg',
          passwordCredentials: [{ secretText: null }],
          web: { redirectUris: ['http://localhost/callback'] },
        },
      })
      expect(JSON.stringify(answer.body)).not.toContain(application.secrets[0])
    }
    expect(await graph.app().get(`/applications/${unknownId}`)).toMatchObject(missing)
    // A third party's registration is in its publisher's tenant.
    expect(await graph.app().get(`/applications(appId='${graph.appId}')`)).toMatchObject(missing)
  })

  test('the list is filtered by application id', async () => {
    const { application } = await contoso()
    const other = aRegisteredApp(graph.world, graph.tenant, 'Payroll').application
    const names = async (query: string): Promise<unknown[]> =>
      values(await graph.app().get(`/applications?$select=displayName${query}`)).map(({ displayName }) => displayName)
    expect(await names('')).toEqual(['Intranet', 'Payroll'])
    expect(await names(`&$filter=appId eq '${application.appId}'`)).toEqual(['Intranet'])
    expect(await names(`&$filter=appId in ('${application.appId}','${other.appId}')`)).toEqual(['Intranet', 'Payroll'])
  })

  test.each([
    [['User.Read.All'], 403],
    [['Application.Read.All'], 200],
    [['Directory.Read.All'], 200],
    [['Application.ReadWrite.OwnedBy'], 403],
  ])('with %j: %i', async (permissions, status) => {
    const { application } = await contoso({ permissions })
    expect(await graph.app().get(`/applications/${application.id}`)).toMatchObject({ status })
  })
})

describe('deleting applications', () => {
  test('its service principal in the home tenant goes, too; those in other tenants stay', async () => {
    const { application, principal } = await contoso()
    const fabrikam = graph.microsoft.tenant('Fabrikam')
    const elsewhere = ensureServicePrincipal(fabrikam, application)
    expect(await graph.app().send('DELETE', `/applications/${application.id}`)).toMatchObject({
      status: 204,
      bytes: { length: 0 },
    })
    expect(isRegistered(application)).toBe(false)
    expect(graph.tenant.servicePrincipals).not.toContainEqual(principal)
    expect(fabrikam.servicePrincipals).toContainEqual(elsewhere)
    expect(graph.tenant.deletedItems.map(({ type, object }) => [type, object.id])).toEqual([
      ['application', application.id],
      ['servicePrincipal', principal.id],
    ])
    expect(await graph.app().send('DELETE', `/applications/${application.id}`)).toMatchObject(missing)
    expect(await graph.app().get(`/servicePrincipals/${principal.id}`)).toMatchObject(missing)
  })

  test('by application id, and when the service principal is gone already', async () => {
    const { application, principal } = await contoso()
    await graph.app().send('DELETE', `/servicePrincipals/${principal.id}`)
    expect(await graph.app().send('DELETE', `/applications(appId='${application.appId}')`)).toMatchObject({
      status: 204,
    })
    expect(isRegistered(application)).toBe(false)
    expect(graph.tenant.deletedItems).toHaveLength(2)
  })

  test.each([
    [['Application.Read.All'], 403],
    [['Directory.ReadWrite.All'], 403],
    [['Application.ReadWrite.OwnedBy'], 403],
    [['Application.ReadWrite.All'], 204],
  ])('an application with %j: %i', async (permissions, status) => {
    const { application } = await contoso({ permissions })
    expect(await graph.app().send('DELETE', `/applications/${application.id}`)).toMatchObject({ status })
    expect(isRegistered(application)).toBe(status === 403)
  })

  test('with the permission for owned ones an application deletes what it owns', async () => {
    const { application } = await contoso({ permissions: ['Application.ReadWrite.OwnedBy'] })
    application.owners.push(graph.tenant.servicePrincipals.find(({ appId }) => appId === graph.appId)?.id ?? '')
    expect(values(await graph.app().get('/applications'))).toMatchObject([{ id: application.id }])
    expect(await graph.app().send('DELETE', `/applications/${application.id}`)).toMatchObject({ status: 204 })
  })

  test.each([
    ['Ada', 403],
    ['Ursula', 403],
    ['Anton', 204],
    ['Clara', 204],
    ['Gloria', 204],
  ])('%s with the delegated permission: %i', async (name, status) => {
    const { application } = await contoso({ delegated: ['Application.ReadWrite.All'] })
    expect(await graph.as(name).send('DELETE', `/applications/${application.id}`)).toMatchObject({ status })
    expect(isRegistered(application)).toBe(status === 403)
  })

  test('a stale read still shows it', async () => {
    const { application } = await contoso()
    const path = `/applications(appId='${application.appId}')`
    graph.microsoft.fault({ fault: 'stale', method: 'GET', path: 'applications', args: { ms: 60_000 } })
    await graph.app().send('DELETE', path)
    expect(await graph.app().get(path)).toMatchObject({ status: 200 })
    expect(await graph.app().get(path)).toMatchObject(missing)
  })

  test('one whose answer is lost is deleted all the same', async () => {
    const { application } = await contoso()
    graph.microsoft.fault({ fault: 'resetAfter', method: 'DELETE', path: 'applications' })
    await expect(graph.app().send('DELETE', `/applications/${application.id}`)).rejects.toThrow()
    expect(isRegistered(application)).toBe(false)
  })
})
