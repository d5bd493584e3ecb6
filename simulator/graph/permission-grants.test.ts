import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, type GraphWorldOptions } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { aRegisteredApp, aThirdPartyApp } from '../apps.ts'
import { anApplication, person, userOf, withApp } from '../builders.ts'
import { graphAppId } from '../microsoft-resources.ts'
import type { AppRoleAssignment, OAuth2PermissionGrant, ServicePrincipal } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const refused = (status: number, code: string) => ({ status, body: { error: { code } } })
const values = ({ body }: WireAnswer): Record<string, unknown>[] => (body as { value: Record<string, unknown>[] }).value

async function contoso(given: Partial<GraphWorldOptions> = {}): Promise<{
  mailer: ServicePrincipal
  graphPrincipal: ServicePrincipal
  assignment: AppRoleAssignment
  grants: OAuth2PermissionGrant[]
}> {
  graph = await aGraphWorld({
    permissions: ['Directory.Read.All'],
    ...given,
    people: [
      person('Ada'),
      person('Bruno'),
      person('Anton', { roles: ['Application Administrator'] }),
      person('Rosa', { roles: ['Privileged Role Administrator'] }),
      person('Gloria', { roles: ['Global Administrator'] }),
    ],
  })
  const mailer = aThirdPartyApp(graph.tenant, 'Mailer', {
    permissions: ['User.Read.All'],
    delegated: ['User.Read'],
    consents: { Ada: ['Mail.Read', 'offline_access'] },
  })
  const graphPrincipal = graph.tenant.servicePrincipals.find(({ appId }) => appId === graphAppId)
  const assignment = graph.tenant.appRoleAssignments.find(({ principalId }) => principalId === mailer.id)
  if (!graphPrincipal || !assignment) throw new Error('The world is not as it should be.')
  const grants = graph.tenant.oauth2PermissionGrants.filter(({ clientId }) => clientId === mailer.id)
  return { mailer, graphPrincipal, assignment, grants }
}

describe('delegated grants', () => {
  test('those of a client are found by filter, below the service principal, and below the person', async () => {
    const { mailer, grants } = await contoso({ delegated: ['User.Read.All'] })
    const [forAll, forAda] = grants
    const other = aThirdPartyApp(graph.tenant, 'Other', { consents: { Bruno: ['Mail.Read'] } })
    const list = async (path: string): Promise<unknown[]> => values(await graph.app().get(path)).map(({ id }) => id)
    const wanted = [forAll?.id, forAda?.id]
    expect(await list(`/oauth2PermissionGrants?$filter=clientId eq '${mailer.id}'`)).toEqual(wanted)
    expect(await list(`/oauth2PermissionGrants?$filter=clientId in ('${mailer.id}','${other.id}')`)).toHaveLength(3)
    expect(await list(`/servicePrincipals/${mailer.id}/oauth2PermissionGrants`)).toEqual(wanted)
    expect(await list(`/servicePrincipals(appId='${mailer.appId}')/oauth2PermissionGrants`)).toEqual(wanted)
    expect(await list(`/users/${userOf(graph.tenant, 'Ada').id}/oauth2PermissionGrants`)).toEqual([forAda?.id])
    expect(await graph.app().get(`/oauth2PermissionGrants/${forAda?.id}`)).toMatchObject({
      body: {
        consentType: 'Principal',
        principalId: userOf(graph.tenant, 'Ada').id,
        scope: 'Mail.Read offline_access',
      },
    })
    expect(await graph.app().get(`/oauth2PermissionGrants/${forAll?.id}`)).toMatchObject({
      body: { consentType: 'AllPrincipals', principalId: null },
    })
  })

  test.each([
    [['Directory.Read.All'], 403],
    [['Application.ReadWrite.All'], 403],
    [['DelegatedPermissionGrant.ReadWrite.All'], 204],
    [['Directory.ReadWrite.All'], 204],
  ])('an application with %j takes one away: %i', async (permissions, status) => {
    const { grants } = await contoso({ permissions })
    const path = `/oauth2PermissionGrants/${grants[1]?.id}`
    expect(await graph.app().send('DELETE', path)).toMatchObject({ status })
    expect(graph.tenant.oauth2PermissionGrants).toHaveLength(status === 204 ? 1 : 2)
    if (status === 204) {
      expect(await graph.app().send('DELETE', path)).toMatchObject(refused(404, 'Request_ResourceNotFound'))
    }
  })

  test('a person needs a role as well', async () => {
    const { grants } = await contoso({ delegated: ['DelegatedPermissionGrant.ReadWrite.All'] })
    const path = `/oauth2PermissionGrants/${grants[1]?.id}`
    expect(await graph.as('Ada').send('DELETE', path)).toMatchObject(refused(403, 'Authorization_RequestDenied'))
    expect(await graph.as('Anton').send('DELETE', path)).toMatchObject({ status: 204 })
  })
})

describe('app role assignments', () => {
  test('both ends show them', async () => {
    const { mailer, graphPrincipal, assignment } = await contoso()
    const shown = {
      id: assignment.id,
      appRoleId: assignment.appRoleId,
      principalId: mailer.id,
      principalType: 'ServicePrincipal',
      principalDisplayName: 'Mailer',
      resourceId: graphPrincipal.id,
      resourceDisplayName: 'Microsoft Graph',
    }
    expect(values(await graph.app().get(`/servicePrincipals/${mailer.id}/appRoleAssignments`))).toMatchObject([shown])
    const assigned = values(await graph.app().get(`/servicePrincipals/${graphPrincipal.id}/appRoleAssignedTo`))
    expect(assigned).toContainEqual(expect.objectContaining(shown))
  })

  test.each(['resource', 'client'] as const)(
    'one is removed at the %s; once it is gone that is a bad request',
    async (end) => {
      const { mailer, graphPrincipal, assignment } = await contoso({ permissions: ['AppRoleAssignment.ReadWrite.All'] })
      const path =
        end === 'resource'
          ? `/servicePrincipals/${graphPrincipal.id}/appRoleAssignedTo/${assignment.id}`
          : `/servicePrincipals/${mailer.id}/appRoleAssignments/${assignment.id}`
      expect(await graph.app().send('DELETE', path)).toMatchObject({ status: 204 })
      expect(graph.tenant.appRoleAssignments).not.toContainEqual(assignment)
      expect(await graph.app().send('DELETE', path)).toMatchObject({
        status: 400,
        body: {
          error: {
            code: 'Request_BadRequest',
            message: 'EntitlementGrant being updated or deleted is not found.',
          },
        },
      })
    },
  )

  test.each([
    [['Directory.ReadWrite.All'], 403],
    [['Application.ReadWrite.OwnedBy'], 403],
    [['Application.ReadWrite.All'], 204],
    [['AppRoleAssignment.ReadWrite.All'], 204],
  ])('an application with %j: %i', async (permissions, status) => {
    const { mailer, assignment } = await contoso({ permissions })
    const path = `/servicePrincipals/${mailer.id}/appRoleAssignments/${assignment.id}`
    expect(await graph.app().send('DELETE', path)).toMatchObject({ status })
  })

  test.each([
    ['Ada', 403, 403],
    ['Anton', 403, 204],
    ['Rosa', 204, 403],
    ['Gloria', 204, 204],
  ])('%s takes a permission of Microsoft Graph: %i, a role of another app: %i', async (name, ofGraph, ofOther) => {
    const { mailer, assignment } = await contoso({ delegated: ['AppRoleAssignment.ReadWrite.All'] })
    const api = anApplication({ displayName: 'Shop', homeTenantId: graph.tenant.id, appRoles: ['Orders.Read'] })
    const shop = withApp(graph.tenant, api, { people: { Bruno: ['Orders.Read'] } })
    const role = graph.tenant.appRoleAssignments.find(({ resourceId }) => resourceId === shop.id)
    const caller = graph.as(name)
    const paths = [
      `/servicePrincipals/${mailer.id}/appRoleAssignments/${assignment.id}`,
      `/servicePrincipals/${shop.id}/appRoleAssignedTo/${role?.id}`,
    ]
    const statuses = []
    for (const path of paths) statuses.push((await caller.send('DELETE', path)).status)
    expect(statuses).toEqual([ofGraph, ofOther])
  })

  test('those of a person are read and removed below the person', async () => {
    await contoso({ permissions: ['AppRoleAssignment.ReadWrite.All'] })
    const { principal } = aRegisteredApp(graph.world, graph.tenant, 'Intranet')
    const bruno = userOf(graph.tenant, 'Bruno').id
    const given: AppRoleAssignment = {
      id: 'default-access',
      principalId: bruno,
      principalType: 'User',
      resourceId: principal.id,
      appRoleId: '00000000-0000-0000-0000-000000000000',
      createdDateTime: '2026-01-01T00:00:00Z',
    }
    graph.tenant.appRoleAssignments.push(given)
    const path = `/users/${bruno}/appRoleAssignments`
    expect(values(await graph.app().get(path))).toMatchObject([{ id: given.id, resourceDisplayName: 'Intranet' }])
    expect(await graph.app().send('DELETE', `${path}/${given.id}`)).toMatchObject({ status: 204 })
    expect(values(await graph.app().get(path))).toEqual([])
    expect(await graph.app().send('DELETE', `${path}/${given.id}`)).toMatchObject(refused(400, 'Request_BadRequest'))
  })

  test('Directory.Read.All reads those of a person, and removes none', async () => {
    await contoso()
    const path = `/users/${userOf(graph.tenant, 'Bruno').id}/appRoleAssignments`
    expect(await graph.app().get(path)).toMatchObject({ status: 200 })
    expect(await graph.app().send('DELETE', `${path}/any`)).toMatchObject({ status: 403 })
  })
})
