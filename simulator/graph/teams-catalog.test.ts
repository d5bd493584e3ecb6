import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, type GraphWorldOptions } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { person } from '../builders.ts'
import { aTeam, aTeamsApp, installTeamsApp } from '../teams.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const root = '/appCatalogs/teamsApps'
const refused = (status: number, code: string) => ({ status, body: { error: { code } } })
const values = ({ body }: WireAnswer): Record<string, unknown>[] => (body as { value: Record<string, unknown>[] }).value

const pollMaster = aTeamsApp('Poll Master')
const planner = aTeamsApp('Planner', { distributionMethod: 'organization' })
const prototype = aTeamsApp('Prototype', { distributionMethod: 'sideloaded' })

async function contoso(given: Partial<GraphWorldOptions> = {}): Promise<void> {
  graph = await aGraphWorld({
    ...given,
    people: [
      person('Ada'),
      person('Tilda', { roles: ['Teams Administrator'] }),
      person('Gloria', { roles: ['Global Administrator'] }),
    ],
  })
  const team = aTeam(graph.tenant, 'Marketing')
  for (const app of [pollMaster, planner, prototype]) installTeamsApp(graph.tenant, app, 'TEAM', team)
}

const remove = (name: string, { teamsApp }: typeof planner) => graph.as(name).send('DELETE', `${root}/${teamsApp.id}`)

describe('the catalogue', () => {
  test('lists store and organization apps, and is filtered by either id', async () => {
    await contoso({ permissions: ['AppCatalog.Read.All'] })
    const names = async (query = ''): Promise<unknown[]> =>
      values(await graph.app().get(`${root}${query}`)).map(({ displayName }) => displayName)
    expect(await names()).toEqual(['Poll Master', 'Planner'])
    expect(await names("?$filter=distributionMethod eq 'organization'")).toEqual(['Planner'])
    expect(await names(`?$filter=id eq '${pollMaster.teamsApp.id}'`)).toEqual(['Poll Master'])
    expect(await names(`?$filter=externalId eq '${planner.teamsApp.externalId}'`)).toEqual(['Planner'])
    expect(values(await graph.app().get(`${root}?$expand=appDefinitions`))).toContainEqual(
      expect.objectContaining({ appDefinitions: [planner.teamsAppDefinition] }),
    )
    expect(await graph.app().get(`${root}/${planner.teamsApp.id}`)).toMatchObject({
      status: 200,
      body: { externalId: planner.teamsApp.externalId },
    })
  })

  test.each([
    [['AppCatalog.Read.All'], 200],
    [['AppCatalog.ReadWrite.All'], 200],
    [['Directory.Read.All'], 403],
    [['TeamsAppInstallation.ReadWriteForTeam.All'], 403],
  ])('an application with %j reads it: %i', async (permissions, status) => {
    await contoso({ permissions })
    expect(await graph.app().get(root)).toMatchObject({ status })
  })
})

describe('deleting from the catalogue', () => {
  test('no application may, whatever it was granted', async () => {
    await contoso({ permissions: ['AppCatalog.ReadWrite.All', 'Directory.ReadWrite.All'] })
    const answer = await graph.app().send('DELETE', `${root}/${planner.teamsApp.id}`)
    expect(answer).toMatchObject(refused(403, 'Forbidden'))
    expect(graph.tenant.teamsApps).toHaveLength(2)
  })

  test('an administrator of Teams deletes an app of the organization; installations stay', async () => {
    await contoso({ delegated: ['AppCatalog.ReadWrite.All'] })
    expect(await remove('Ada', planner)).toMatchObject(refused(403, 'Forbidden'))
    expect(await remove('Tilda', planner)).toMatchObject({ status: 204 })
    expect(graph.tenant.teamsApps.map(({ teamsApp }) => teamsApp.displayName)).toEqual(['Poll Master'])
    expect(graph.tenant.teamsInstallations).toHaveLength(3)
    expect(await remove('Tilda', planner)).toMatchObject(refused(404, 'NotFound'))
  })

  test('neither a store app nor the id of a manifest', async () => {
    await contoso({ delegated: ['AppCatalog.ReadWrite.All'] })
    expect(await remove('Gloria', pollMaster)).toMatchObject(refused(403, 'Forbidden'))
    const byManifest = await graph.as('Gloria').send('DELETE', `${root}/${planner.teamsApp.externalId}`)
    expect(byManifest).toMatchObject(refused(404, 'NotFound'))
    expect(graph.tenant.teamsApps).toHaveLength(2)
  })

  test.each([
    [['AppCatalog.Submit'], 204],
    [['AppCatalog.ReadWrite.All'], 204],
    [['Directory.ReadWrite.All'], 204],
    [['AppCatalog.Read.All'], 403],
    [['Directory.Read.All'], 403],
  ])('a Global Administrator with %j: %i', async (delegated, status) => {
    await contoso({ delegated })
    expect(await remove('Gloria', planner)).toMatchObject({ status })
  })
})
