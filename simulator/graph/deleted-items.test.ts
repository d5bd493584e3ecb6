import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, type GraphWorldOptions } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { aRegisteredApp, aThirdPartyApp } from '../apps.ts'
import { person } from '../builders.ts'
import { deleteApplication, deleteServicePrincipal } from '../deletion.ts'
import { ensureServicePrincipal } from '../grants.ts'
import type { Application, ServicePrincipal } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const root = '/directory/deletedItems'
const refused = (status: number, code: string) => ({ status, body: { error: { code } } })
const missing = refused(404, 'Request_ResourceNotFound')
const values = ({ body }: WireAnswer): Record<string, unknown>[] => (body as { value: Record<string, unknown>[] }).value

/** A third-party app and a registration, both deleted. */
async function contoso(
  given: Partial<GraphWorldOptions> = {},
): Promise<{ mailer: ServicePrincipal; application: Application; principal: ServicePrincipal }> {
  graph = await aGraphWorld({
    permissions: ['Application.ReadWrite.All'],
    ...given,
    people: [person('Ada'), person('Anton', { roles: ['Application Administrator'] })],
  })
  const mailer = aThirdPartyApp(graph.tenant, 'Mailer', {
    permissions: ['User.Read.All'],
    consents: { Ada: ['Mail.Read'] },
    roles: ['Directory Readers'],
  })
  const { application, principal } = aRegisteredApp(graph.world, graph.tenant, 'Intranet')
  const at = graph.microsoft.simulator.engine.now()
  deleteServicePrincipal(graph.tenant, mailer, at)
  deleteApplication(graph.world, graph.tenant, application, at)
  return { mailer, application, principal }
}

describe('looking at deleted items', () => {
  test('they are listed by type, found by id, and nowhere else', async () => {
    const { mailer, application, principal } = await contoso()
    expect(values(await graph.app().get(`${root}/microsoft.graph.application`))).toMatchObject([
      { id: application.id, appId: application.appId, deletedDateTime: expect.any(String) },
    ])
    expect(values(await graph.app().get(`${root}/microsoft.graph.servicePrincipal`)).map(({ id }) => id)).toEqual([
      mailer.id,
      principal.id,
    ])
    const filtered = `${root}/microsoft.graph.servicePrincipal?$filter=appId eq '${mailer.appId}'&$select=id`
    expect(values(await graph.app().get(filtered))).toEqual([{ id: mailer.id }])
    expect(await graph.app().get(`${root}/${mailer.id}`)).toMatchObject({
      status: 200,
      body: { '@odata.type': '#microsoft.graph.servicePrincipal', id: mailer.id, displayName: 'Mailer' },
    })
    expect(await graph.app().get(`${root}/${application.id}?$select=deletedDateTime`)).toMatchObject({
      body: { '@odata.type': '#microsoft.graph.application', deletedDateTime: expect.any(String) },
    })
    const present = graph.tenant.servicePrincipals[0]?.id
    expect(await graph.app().get(`${root}/${present}`)).toMatchObject(missing)
  })

  test('after thirty days they are gone', async () => {
    let at = Date.parse('2026-05-01T12:00:00Z')
    const { mailer } = await contoso({ now: () => new Date(at) })
    at += 30 * 86_400_000 - 1000
    expect(await graph.app().get(`${root}/${mailer.id}`)).toMatchObject({ status: 200 })
    at += 2000
    expect(await graph.app().get(`${root}/${mailer.id}`)).toMatchObject(missing)
    expect(values(await graph.app().get(`${root}/microsoft.graph.servicePrincipal`))).toEqual([])
    expect(await graph.app().send('POST', `${root}/${mailer.id}/restore`)).toMatchObject(missing)
  })

  test.each([
    [['User.Read.All'], 403],
    [['Application.Read.All'], 200],
    [['Application.ReadWrite.OwnedBy'], 403],
  ])('with %j: %i', async (permissions, status) => {
    const { mailer } = await contoso({ permissions })
    expect(await graph.app().get(`${root}/${mailer.id}`)).toMatchObject({ status })
  })
})

describe('restoring', () => {
  test('brings back one object, with its grants and assignments', async () => {
    const { mailer } = await contoso()
    const answer = await graph.app().send('POST', `${root}/${mailer.id}/restore`)
    expect(answer).toMatchObject({
      status: 200,
      body: { '@odata.type': '#microsoft.graph.servicePrincipal', id: mailer.id, deletedDateTime: null },
    })
    expect(graph.tenant.servicePrincipals).toContainEqual(mailer)
    expect(graph.tenant.oauth2PermissionGrants).toMatchObject([{ clientId: mailer.id, scope: 'Mail.Read' }])
    expect(graph.tenant.appRoleAssignments.filter(({ principalId }) => principalId === mailer.id)).toHaveLength(1)
    expect(graph.tenant.roleAssignments.filter(({ principalId }) => principalId === mailer.id)).toHaveLength(1)
    expect(await graph.app().get(`${root}/${mailer.id}`)).toMatchObject(missing)
  })

  test('with the switch it has lost them', async () => {
    const { mailer } = await contoso()
    graph.world.switches = { restoreWithoutGrants: true }
    expect(await graph.app().send('POST', `${root}/${mailer.id}/restore`, {})).toMatchObject({ status: 200 })
    expect(graph.tenant.servicePrincipals).toContainEqual(mailer)
    expect(graph.tenant.oauth2PermissionGrants).toEqual([])
    expect(graph.tenant.appRoleAssignments.filter(({ principalId }) => principalId === mailer.id)).toEqual([])
  })

  test('of a registered app: the application first, then its service principal by its own id', async () => {
    const { application, principal } = await contoso()
    expect(await graph.app().send('POST', `${root}/${principal.id}/restore`)).toMatchObject(
      refused(400, 'Request_BadRequest'),
    )
    expect(await graph.app().send('POST', `${root}/${application.id}/restore`)).toMatchObject({ status: 200 })
    expect(graph.world.applications).toContainEqual(application)
    expect(await graph.app().get(`/servicePrincipals/${principal.id}`)).toMatchObject(missing)
    expect(await graph.app().send('POST', `${root}/${principal.id}/restore`)).toMatchObject({ status: 200 })
    expect(await graph.app().get(`/servicePrincipals/${principal.id}`)).toMatchObject({ status: 200 })
  })

  test('is refused when the app is in the tenant again', async () => {
    const { mailer, application } = await contoso()
    ensureServicePrincipal(graph.tenant, { ...application, appId: mailer.appId })
    expect(await graph.app().send('POST', `${root}/${mailer.id}/restore`)).toMatchObject(
      refused(400, 'Request_BadRequest'),
    )
  })

  test.each([
    [['Application.Read.All'], 403],
    [['Application.ReadWrite.OwnedBy'], 403],
    [['Application.ReadWrite.All'], 200],
  ])('an application with %j: %i', async (permissions, status) => {
    const { mailer } = await contoso({ permissions })
    expect(await graph.app().send('POST', `${root}/${mailer.id}/restore`)).toMatchObject({ status })
  })

  test('a person needs the permission and a role', async () => {
    const { mailer } = await contoso({ delegated: ['Application.ReadWrite.All'] })
    expect(await graph.as('Ada').send('POST', `${root}/${mailer.id}/restore`)).toMatchObject({ status: 403 })
    expect(await graph.as('Anton').send('POST', `${root}/${mailer.id}/restore`)).toMatchObject({ status: 200 })
  })
})

test('a permanent delete is for good', async () => {
  const { mailer, application } = await contoso({ delegated: ['Application.ReadWrite.All'] })
  expect(await graph.as('Ada').send('DELETE', `${root}/${mailer.id}`)).toMatchObject({ status: 403 })
  expect(await graph.app().send('DELETE', `${root}/${mailer.id}`)).toMatchObject({ status: 204 })
  expect(await graph.app().send('POST', `${root}/${mailer.id}/restore`)).toMatchObject(missing)
  expect(await graph.app().send('DELETE', `${root}/${mailer.id}`)).toMatchObject(missing)
  expect(graph.tenant.deletedItems.map(({ object }) => object.appId)).toEqual([application.appId, application.appId])
})
