import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld, type GraphWorldOptions } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { person, userOf } from '../builders.ts'
import { aChat, aTeam, aTeamsApp, installTeamsApp } from '../teams.ts'
import type { TeamsInstallation, TeamsScope } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const scopes = ['USER', 'TEAM', 'CHAT'] as const
const nouns = { USER: 'User', TEAM: 'Team', CHAT: 'Chat' } as const
const refused = (status: number, code: string) => ({ status, body: { error: { code } } })
const gone = refused(404, 'NotFound')
const values = ({ body }: WireAnswer): Record<string, unknown>[] => (body as { value: Record<string, unknown>[] }).value

const pollMaster = aTeamsApp('Poll Master', { clientAppId: '3a2f7d9c-5b7e-4a7c-9c55-0f1de52fd6a1' })
const planner = aTeamsApp('Planner', { distributionMethod: 'organization' })

interface Contoso {
  /** Where the apps of each scope are listed. */
  lists: Record<TeamsScope, string>
  installed: Record<TeamsScope, TeamsInstallation>
  install: (app: typeof pollMaster, scope: TeamsScope, isPinned?: boolean) => TeamsInstallation
}

/** Poll Master and Planner for Ada, in a team of hers and in a chat of hers. */
async function contoso(given: Partial<GraphWorldOptions> = {}): Promise<Contoso> {
  graph = await aGraphWorld({
    permissions: scopes.map((scope) => `TeamsAppInstallation.ReadWriteFor${nouns[scope]}.All`),
    ...given,
    people: [person('Ada'), person('Bruno'), person('Tilda', { roles: ['Teams Administrator'] })],
  })
  const ada = userOf(graph.tenant, 'Ada')
  const places = {
    USER: ada,
    TEAM: aTeam(graph.tenant, 'Marketing', { members: [ada.id] }),
    CHAT: aChat(graph.tenant, 'Campaign', { members: [ada.id] }),
  }
  const install: Contoso['install'] = (app, scope, isPinned = false) =>
    installTeamsApp(graph.tenant, app, scope, places[scope], { isPinned })
  for (const scope of scopes) install(planner, scope)
  return {
    lists: {
      USER: `/users/${ada.id}/teamwork/installedApps`,
      TEAM: `/teams/${places.TEAM.id}/installedApps`,
      CHAT: `/chats/${encodeURIComponent(places.CHAT.id)}/installedApps`,
    },
    installed: {
      USER: install(pollMaster, 'USER'),
      TEAM: install(pollMaster, 'TEAM'),
      CHAT: install(pollMaster, 'CHAT'),
    },
    install,
  }
}

const pathOf = (list: string, { id }: { id: string }): string => `${list}/${encodeURIComponent(id)}`
const isInstalled = ({ id, scope }: TeamsInstallation): boolean =>
  graph.tenant.teamsInstallations.some((one) => one.id === id && one.scope === scope)

describe('looking at installed apps', () => {
  test.each(scopes)('%s: only ids without $expand, the app and its definition with it', async (scope) => {
    const { lists, installed } = await contoso()
    const plain = values(await graph.app().get(lists[scope]))
    expect(plain).toHaveLength(2)
    expect(plain).toContainEqual({ id: installed[scope].id })
    const expanded = values(await graph.app().get(`${lists[scope]}?$expand=teamsApp,teamsAppDefinition`))
    expect(expanded).toContainEqual({
      id: installed[scope].id,
      teamsApp: {
        id: pollMaster.teamsApp.id,
        externalId: null,
        displayName: 'Poll Master',
        distributionMethod: 'store',
      },
      teamsAppDefinition: expect.objectContaining({
        teamsAppId: pollMaster.teamsApp.id,
        publishingState: 'published',
        authorization: expect.objectContaining({ clientAppId: '3a2f7d9c-5b7e-4a7c-9c55-0f1de52fd6a1' }),
      }),
    })
    expect(await graph.app().get(`${pathOf(lists[scope], installed[scope])}?$expand=teamsApp`)).toMatchObject({
      status: 200,
      body: { id: installed[scope].id, teamsApp: { displayName: 'Poll Master' } },
    })
    expect(await graph.app().get(`${lists[scope]}?$expand=chat`)).toMatchObject(refused(400, 'BadRequest'))
  })

  test('one app is found by the id of the catalogue or of the manifest', async () => {
    const { lists } = await contoso()
    const { id, externalId } = planner.teamsApp
    const filters = [
      `teamsApp/id eq '${id}'`,
      `teamsApp/externalId eq '${externalId}'`,
      `teamsAppDefinition/teamsAppId eq '${id}'`,
    ]
    for (const filter of filters) {
      const found = values(await graph.app().get(`${lists.TEAM}?$expand=teamsApp&$filter=${filter}`))
      expect(found).toMatchObject([{ teamsApp: { displayName: 'Planner' } }])
    }
    expect(values(await graph.app().get(`${lists.TEAM}?$filter=teamsApp/externalId eq '${id}'`))).toEqual([])
    expect(await graph.app().get(`${lists.TEAM}?$filter=displayName eq 'Planner'`)).toMatchObject({ status: 400 })
  })

  test('the id is opaque: base64 of the place and the app', async () => {
    const { installed } = await contoso()
    for (const { id, scopeId } of Object.values(installed)) {
      expect(Buffer.from(id, 'base64').toString()).toBe(`${scopeId}##${pollMaster.teamsApp.id}`)
    }
  })

  test('unknown places are not found, nor is a group that is no team', async () => {
    await contoso()
    const unknown = '00000000-0000-4000-8000-000000000000'
    const group = graph.tenant.groups.find(({ hasTeam }) => hasTeam)
    for (const path of [
      `/users/${unknown}/teamwork/installedApps`,
      '/users/nobody@contoso.com/teamwork/installedApps',
      `/teams/${unknown}/installedApps`,
      '/chats/19:unknown@thread.v2/installedApps',
    ]) {
      expect(await graph.app().get(path)).toMatchObject(gone)
    }
    if (group) group.hasTeam = false
    expect(await graph.app().get(`/teams/${group?.id}/installedApps`)).toMatchObject(gone)
  })

  test('a person is found by user principal name, too', async () => {
    const { installed } = await contoso()
    const answer = await graph.app().get('/users/ada@contoso.com/teamwork/installedApps')
    expect(values(answer)).toContainEqual({ id: installed.USER.id })
  })

  test.each([
    ['USER', 'TeamsAppInstallation.ReadForUser.All', 200],
    ['USER', 'TeamsAppInstallation.Read.All', 200],
    ['USER', 'TeamsAppInstallation.ReadWriteAndConsentForUser.All', 200],
    ['USER', 'TeamsAppInstallation.ReadWriteForTeam.All', 403],
    ['USER', 'Directory.Read.All', 403],
    ['TEAM', 'TeamsAppInstallation.ReadForTeam.All', 200],
    ['TEAM', 'TeamsAppInstallation.ReadWriteAndConsentForTeam.All', 200],
    ['TEAM', 'Group.Read.All', 200],
    ['TEAM', 'Directory.Read.All', 200],
    ['TEAM', 'TeamSettings.ReadWrite.All', 403],
    ['TEAM', 'TeamsAppInstallation.ReadForUser.All', 403],
    ['CHAT', 'TeamsAppInstallation.ReadForChat.All', 200],
    ['CHAT', 'TeamsAppInstallation.ReadWriteAndConsentForChat.All', 200],
    ['CHAT', 'Chat.ReadWrite.All', 403],
    ['CHAT', 'Directory.Read.All', 403],
  ] as const)('%s: an application with %s lists: %i', async (scope, permission, status) => {
    const { lists } = await contoso({ permissions: [permission] })
    expect(await graph.app().get(lists[scope])).toMatchObject({ status })
  })
})

describe('uninstalling', () => {
  test.each(scopes)('%s: it is gone from there alone; again it is 404', async (scope) => {
    const { lists, installed } = await contoso()
    const path = pathOf(lists[scope], installed[scope])
    expect(await graph.app().send('DELETE', path)).toMatchObject({ status: 204, bytes: { length: 0 } })
    expect(scopes.filter((one) => !isInstalled(installed[one]))).toEqual([scope])
    expect(graph.tenant.teamsInstallations).toHaveLength(5)
    expect(await graph.app().send('DELETE', path)).toMatchObject(gone)
    expect(await graph.app().get(path)).toMatchObject(gone)
  })

  test.each(scopes)('%s: the id of the catalogue is no installation', async (scope) => {
    const { lists, installed } = await contoso()
    const { id } = pollMaster.teamsApp
    expect(await graph.app().send('DELETE', `${lists[scope]}/${id}`)).toMatchObject({
      status: 400,
      body: { error: { code: 'BadRequest', message: `Invalid id '${id}' provided.` } },
    })
    expect(isInstalled(installed[scope])).toBe(true)
  })

  test('the id of an installation elsewhere is not found', async () => {
    const { lists, installed } = await contoso()
    expect(await graph.app().send('DELETE', pathOf(lists.TEAM, installed.CHAT))).toMatchObject(gone)
    expect(isInstalled(installed.CHAT)).toBe(true)
  })

  test('one that a setup policy pinned stays; the reason is in the message or in the inner error', async () => {
    const { lists, install } = await contoso()
    const helpDesk = install(aTeamsApp('Help Desk'), 'USER', true)
    const errors = []
    for (let time = 0; time < 2; time += 1) {
      const answer = await graph.app().send('DELETE', pathOf(lists.USER, helpDesk))
      expect(answer).toMatchObject(refused(403, 'Forbidden'))
      errors.push((answer.body as { error: { message: string; innerError: { code?: string } } }).error)
    }
    const [inMessage, inInnerError] = errors
    expect(inMessage?.message).toContain('AppIsTenantAdminPreinstalled')
    expect(inInnerError?.message).not.toContain('AppIsTenantAdminPreinstalled')
    expect(inInnerError?.innerError.code).toBe('AppIsTenantAdminPreinstalled')
    expect(isInstalled(helpDesk)).toBe(true)
  })

  test('a sideloaded app with resource-specific consent stays', async () => {
    const { lists, install } = await contoso()
    const consented = aTeamsApp('Prototype', {
      distributionMethod: 'sideloaded',
      resourcePermissions: ['ChannelMessage.Read.Group'],
    })
    const prototype = install(consented, 'TEAM')
    expect(await graph.app().send('DELETE', pathOf(lists.TEAM, prototype))).toMatchObject(
      refused(412, 'PreconditionFailed'),
    )
    expect(isInstalled(prototype)).toBe(true)
    const harmless = install(aTeamsApp('Draft', { distributionMethod: 'sideloaded' }), 'TEAM')
    expect(await graph.app().send('DELETE', pathOf(lists.TEAM, harmless))).toMatchObject({ status: 204 })
  })

  test('newer installations have another form of id', async () => {
    const { lists } = await contoso()
    const ada = userOf(graph.tenant, 'Ada')
    const newer = installTeamsApp(graph.tenant, aTeamsApp('Newer'), 'USER', ada, { hasNewerId: true })
    expect(Buffer.from(newer.id, 'base64').toString()).toMatch(/##1\.0\.0##Published$/)
    expect(await graph.app().send('DELETE', pathOf(lists.USER, newer))).toMatchObject({ status: 204 })
  })

  test.each([
    ['USER', 'TeamsAppInstallation.ReadForUser.All', 403],
    ['USER', 'TeamsAppInstallation.ReadWriteForUser.All', 204],
    ['USER', 'TeamsAppInstallation.ReadWriteAndConsentForUser.All', 204],
    ['USER', 'TeamsAppInstallation.ReadWriteForTeam.All', 403],
    ['TEAM', 'TeamsAppInstallation.ReadWriteForTeam.All', 204],
    ['TEAM', 'TeamsAppInstallation.ReadWriteAndConsentForTeam.All', 403],
    ['TEAM', 'Group.ReadWrite.All', 204],
    ['TEAM', 'Directory.ReadWrite.All', 204],
    ['TEAM', 'Group.Read.All', 403],
    ['TEAM', 'TeamSettings.ReadWrite.All', 403],
    ['CHAT', 'TeamsAppInstallation.ReadWriteForChat.All', 204],
    ['CHAT', 'TeamsAppInstallation.ReadWriteAndConsentForChat.All', 403],
    ['CHAT', 'Chat.ReadWrite.All', 403],
    ['CHAT', 'Directory.ReadWrite.All', 403],
  ] as const)('%s: an application with %s: %i', async (scope, permission, status) => {
    const { lists, installed } = await contoso({ permissions: [permission] })
    const answer = await graph.app().send('DELETE', pathOf(lists[scope], installed[scope]))
    expect(answer).toMatchObject(status === 204 ? { status } : refused(403, 'Forbidden'))
    expect(isInstalled(installed[scope])).toBe(status === 403)
  })

  test('a refusal names what would do and what was given', async () => {
    const { lists, installed } = await contoso({ permissions: ['Chat.ReadWrite.All'] })
    const { body } = await graph.app().send('DELETE', pathOf(lists.CHAT, installed.CHAT))
    expect(body).toMatchObject({
      error: {
        message:
          "Missing scope permissions on the request. API requires one of 'TeamsAppInstallation.ReadWriteSelfForChat.All, TeamsAppInstallation.ReadWriteForChat.All'. Scopes on the request 'Chat.ReadWrite.All'.",
      },
    })
  })

  test.each(scopes)('%s: the permission for itself reaches itself alone', async (scope) => {
    const { lists, installed, install } = await contoso({
      permissions: [`TeamsAppInstallation.ReadWriteSelfFor${nouns[scope]}.All`],
    })
    expect(await graph.app().send('DELETE', pathOf(lists[scope], installed[scope]))).toMatchObject(
      refused(403, 'Forbidden'),
    )
    expect(values(await graph.app().get(lists[scope]))).toEqual([])
    const itself = install(aTeamsApp('Itself', { clientAppId: graph.appId }), scope)
    expect(values(await graph.app().get(lists[scope]))).toEqual([{ id: itself.id }])
    expect(await graph.app().send('DELETE', pathOf(lists[scope], itself))).toMatchObject({ status: 204 })
  })

  test.each(scopes)('%s: a person does it where it belongs', async (scope) => {
    const { lists, installed } = await contoso({
      delegated: [`TeamsAppInstallation.ReadWriteFor${nouns[scope]}`],
    })
    const path = pathOf(lists[scope], installed[scope])
    for (const name of ['Bruno', 'Tilda']) {
      expect(await graph.as(name).send('DELETE', path)).toMatchObject(refused(403, 'Forbidden'))
    }
    expect(await graph.as('Ada').send('DELETE', path)).toMatchObject({ status: 204 })
    expect(isInstalled(installed[scope])).toBe(false)
  })

  test('a person needs the delegated permission', async () => {
    const { lists, installed } = await contoso({ delegated: ['User.Read'] })
    expect(await graph.as('Ada').get(lists.USER)).toMatchObject(refused(403, 'Forbidden'))
    expect(await graph.as('Ada').send('DELETE', pathOf(lists.USER, installed.USER))).toMatchObject({ status: 403 })
  })

  test('faults strike it as anything else: throttled, then done, then a stale read', async () => {
    const { lists, installed } = await contoso()
    const path = pathOf(lists.TEAM, installed.TEAM)
    graph.microsoft.fault({ fault: 'throttle', method: 'DELETE', path: 'installedApps', args: { retryAfter: 2 } })
    graph.microsoft.fault({ fault: 'stale', method: 'GET', path: 'installedApps', args: { ms: 60_000 } })
    const throttled = await graph.app().send('DELETE', path)
    expect(throttled).toMatchObject({ status: 429, headers: { 'retry-after': '2' } })
    expect(await graph.app().send('DELETE', path)).toMatchObject({ status: 204 })
    expect(await graph.app().get(path)).toMatchObject({ status: 200 })
    expect(await graph.app().get(path)).toMatchObject(gone)
  })
})
