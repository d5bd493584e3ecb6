import { afterEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld } from '../../test/support/graph-world.ts'
import { type GraphCaller, graphCaller, type WireAnswer } from '../../test/support/microsoft-calls.ts'
import { person, userOf } from '../builders.ts'
import type { DirectoryRoleName } from '../directory-roles.ts'
import { withPartner } from '../partners.ts'
import { madePassword, meetsPasswordPolicy } from '../password-rules.ts'
import type { PasswordWriteback, User } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const good = 'krt7-Wmex-9pud-Zofi'
const accessDenied = { status: 403, body: { error: { code: 'accessDenied' } } }
const denied = { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }
const bad = (message: string) => ({
  status: 400,
  body: { error: { code: 'Request_BadRequest', message: expect.stringContaining(message) } },
})

const contoso = async (
  given: { permissions?: string[]; delegated?: string[]; roles?: DirectoryRoleName[] } = {},
): Promise<void> => {
  graph = await aGraphWorld({
    permissions: ['User-PasswordProfile.ReadWrite.All', 'UserAuthenticationMethod.ReadWrite.All'],
    delegated: ['User-PasswordProfile.ReadWrite.All', 'UserAuthenticationMethod.ReadWrite.All'],
    ...given,
    people: [
      person('Ada'),
      person('Sven', { synchronised: true }),
      person('Fatima', { domain: 'corp.contoso.com' }),
      person('Gwen', { guestOf: 'gwen@fabrikam.com' }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Hana', { rolesByGroup: ['Exchange Administrator'] }),
      person('Helge', { roles: ['Helpdesk Administrator'] }),
      person('Anton', { roles: ['Authentication Administrator'] }),
      person('Ursula', { roles: ['User Administrator'] }),
      person('Pia', { roles: ['Privileged Authentication Administrator'] }),
      person('Sofia', { roles: ['Security Administrator'] }),
    ],
    tenant: { federatedDomain: 'corp.contoso.com' },
  })
}

const user = (name: string): User => userOf(graph.tenant, name)
const patch = (caller: GraphCaller, name: string, passwordProfile: object = { password: good }) =>
  caller.send('PATCH', `/users/${user(name).id}`, { passwordProfile })
const method = '28c10230-6103-485e-b985-444c60001490'
const reset = (caller: GraphCaller, name: string, body?: object, id = method) =>
  caller.send('POST', `/users/${user(name).id}/authentication/methods/${id}/resetPassword`, body)
const operationPath = ({ headers }: WireAnswer): string =>
  String(headers.location).replace(`${graph.microsoft.url}/v1.0`, '')
const poll = async (caller: GraphCaller, answer: WireAnswer, times = 3) => {
  const seen: { status: string; statusDetail: string | null }[] = []
  for (let time = 0; time < times; time += 1) {
    seen.push((await caller.get(operationPath(answer))).body as (typeof seen)[number])
  }
  return seen
}

describe('PATCH passwordProfile', () => {
  test('sets the password, the time of it and the change at the next sign-in; sessions stay', async () => {
    await contoso()
    const { lastPasswordChangeDateTime, signInSessionsValidFromDateTime } = user('Ada')
    expect(await patch(graph.as('Pia'), 'Ada', { password: good, forceChangePasswordNextSignIn: true })).toMatchObject({
      status: 204,
    })
    expect(user('Ada')).toMatchObject({ password: good, forceChangePasswordNextSignIn: true })
    expect(Date.parse(user('Ada').lastPasswordChangeDateTime)).toBeGreaterThan(Date.parse(lastPasswordChangeDateTime))
    expect(user('Ada').signInSessionsValidFromDateTime).toBe(signInSessionsValidFromDateTime)
    const seen = JSON.stringify([
      graph.microsoft.journal(),
      await (await fetch(`${graph.microsoft.url}/control/state`)).json(),
      (await graph.as('Pia').get(`/users/${user('Ada').id}`)).body,
    ])
    expect(seen).not.toContain(good)
  })

  test.each<[string, string, number]>([
    ['Ada', 'Sven', 403],
    ['Helge', 'Ada', 403],
    ['Sofia', 'Ada', 403],
    ['Anton', 'Ada', 204],
    ['Ursula', 'Ada', 204],
    ['Ursula', 'Helge', 204],
    ['Ursula', 'Gloria', 403],
    ['Ursula', 'Hana', 403],
    ['Pia', 'Gloria', 204],
    ['Gloria', 'Pia', 204],
  ])('%s sets the password of %s: %i', async (actor, target, status) => {
    await contoso()
    expect(await patch(graph.as(actor), target)).toMatchObject({ status })
    expect(user(target).password === good).toBe(status === 204)
  })

  test.each<[DirectoryRoleName[], string, number]>([
    [[], 'Ada', 403],
    [['Authentication Administrator'], 'Ada', 403],
    [['User Administrator'], 'Ada', 204],
    [['User Administrator'], 'Gloria', 403],
    [['Privileged Authentication Administrator'], 'Gloria', 204],
  ])('an application with the roles %j sets the password of %s: %i', async (roles, target, status) => {
    await contoso({ roles })
    expect(await patch(graph.app(), target)).toMatchObject({ status })
  })

  test('without the permission nobody does', async () => {
    await contoso({ delegated: ['User.EnableDisableAccount.All', 'User.Read.All'] })
    expect(await patch(graph.as('Pia'), 'Ada')).toMatchObject(denied)
  })

  test('synchronised, federated and guest users have their password elsewhere', async () => {
    await contoso()
    expect(await patch(graph.as('Pia'), 'Sven')).toMatchObject(bad('on-premises mastered Directory Sync objects'))
    for (const name of ['Fatima', 'Gwen']) {
      expect(await patch(graph.as('Pia'), name)).toMatchObject(bad('not managed in this directory'))
    }
  })

  test.each(['short1!', 'alllowercaseonly', 'Password1!', 'Contoso26!', 'P@ssw0rd12'])(
    'the policy refuses %s',
    async (password) => {
      await contoso()
      expect(await patch(graph.as('Pia'), 'Ada', { password })).toMatchObject(
        bad('does not comply with password complexity requirements'),
      )
    },
  )

  test.each([[{}], [{ password: 7 }], [{ pass: good }], [[]]])('%j is no profile', async (profile) => {
    await contoso()
    expect(await patch(graph.as('Pia'), 'Ada', profile)).toMatchObject({ status: 400 })
  })
})

describe('resetPassword', () => {
  test('a cloud-only user gets the password given, and the operation runs to its end', async () => {
    await contoso()
    const pia = graph.as('Pia')
    const answer = await reset(pia, 'Ada', { newPassword: good })
    expect(answer).toMatchObject({ status: 202, bytes: { length: 0 } })
    expect(answer.headers.location).toMatch(/\/v1\.0\/users\/.+\/authentication\/operations\/.+\?aadgdc=.+&aadgsu=.+$/)
    expect((await poll(pia, answer)).map(({ status }) => status)).toEqual(['notStarted', 'running', 'succeeded'])
    expect(user('Ada')).toMatchObject({ password: good, forceChangePasswordNextSignIn: true })
    expect(JSON.stringify(graph.microsoft.journal())).not.toContain(good)
  })

  test('without one the service makes it, and shows it once', async () => {
    await contoso()
    const answer = await reset(graph.as('Pia'), 'Ada')
    expect(answer.body).toMatchObject({ newPassword: user('Ada').password })
    expect(await reset(graph.as('Pia'), 'Ada', {})).toMatchObject({ status: 202 })
  })

  test('the query string leads a poll; without it, and for an unknown id, there is nothing', async () => {
    await contoso()
    const pia = graph.as('Pia')
    const path = operationPath(await reset(pia, 'Ada'))
    const absent = { status: 404, body: { error: { code: 'resourceNotFound' } } }
    expect(await pia.get(path.split('?')[0] ?? '')).toMatchObject(absent)
    expect(await pia.get(path.replace(/operations\/[^?]+/, 'operations/unknown'))).toMatchObject(absent)
    expect(await graph.as('Ursula').get(path)).toMatchObject(accessDenied)
    expect(await graph.app().get(path)).toMatchObject(accessDenied)
  })

  test.each<[PasswordWriteback | undefined, string, RegExp | null]>([
    [undefined, 'failed', /^120012/],
    ['off', 'failed', /^120012/],
    ['unreachable', 'failed', /^120013/],
    ['refused', 'failed', /^120004/],
    ['on', 'succeeded', null],
  ])('a synchronised user with writeback %s: %s', async (writeback, status, reason) => {
    await contoso()
    if (writeback) graph.tenant.passwordWriteback = writeback
    const pia = graph.as('Pia')
    expect(await reset(pia, 'Sven')).toMatchObject(bad("'newPassword' is required"))
    const before = user('Sven').lastPasswordChangeDateTime
    const seen = await poll(pia, await reset(pia, 'Sven', { newPassword: good }))
    expect(seen.at(-1)).toMatchObject({
      status,
      statusDetail: reason === null ? null : expect.stringMatching(reason),
    })
    expect(user('Sven').password === good).toBe(status === 'succeeded')
    expect(user('Sven').lastPasswordChangeDateTime === before).toBe(status === 'failed')
  })

  test('one person can be out of reach of the tenant’s writeback', async () => {
    await contoso()
    graph.tenant.passwordWriteback = 'on'
    user('Sven').passwordWriteback = 'off'
    const pia = graph.as('Pia')
    expect((await poll(pia, await reset(pia, 'Sven', { newPassword: good }))).at(-1)?.status).toBe('failed')
  })

  test.each<[string, string, number]>([
    ['Ursula', 'Ada', 403],
    ['Helge', 'Ada', 403],
    ['Anton', 'Ada', 202],
    ['Anton', 'Helge', 403],
    ['Anton', 'Gloria', 403],
    ['Pia', 'Gloria', 202],
    ['Pia', 'Pia', 403],
    ['Gloria', 'Pia', 202],
  ])('%s resets %s: %i', async (actor, target, status) => {
    await contoso()
    expect(await reset(graph.as(actor), target, { newPassword: good })).toMatchObject(
      status === 403 ? accessDenied : { status },
    )
  })

  test('no application may, nor a person with another permission', async () => {
    await contoso({ roles: ['Privileged Authentication Administrator'], delegated: ['Directory.AccessAsUser.All'] })
    expect(await reset(graph.app(), 'Ada')).toMatchObject(accessDenied)
    expect(await reset(graph.as('Pia'), 'Ada')).toMatchObject(accessDenied)
  })

  test('federated and guest users, other methods, weak passwords and strange bodies are refused', async () => {
    await contoso()
    const pia = graph.as('Pia')
    for (const name of ['Fatima', 'Gwen']) expect(await reset(pia, name)).toMatchObject(bad('not managed'))
    expect(await reset(pia, 'Ada', undefined, 'other')).toMatchObject({ status: 404 })
    expect(await reset(pia, 'Ada', { newPassword: 'Password1!' })).toMatchObject(bad('does not comply'))
    expect(await reset(pia, 'Ada', { newPassword: 7 })).toMatchObject({ status: 400 })
    expect(await reset(pia, 'Ada', { password: good })).toMatchObject({ status: 400 })
  })

  test('what Microsoft does not settle can be switched', async () => {
    await contoso()
    graph.world.switches = { operationStatusPascalCase: true, pollsBeforeResetEnds: 1, resetRetryAfter: 0.5 }
    const pia = graph.as('Pia')
    const answer = await reset(pia, 'Ada')
    expect(answer.headers['retry-after']).toBe('0.5')
    expect((await poll(pia, answer, 2)).map(({ status }) => status)).toEqual(['NotStarted', 'Succeeded'])
  })

  test("a partner's technician resets with the roles of the relationship", async () => {
    await contoso()
    const fabrikam = graph.microsoft.tenant('Fabrikam')
    withPartner(graph.tenant, fabrikam, { technicians: ['Otto'], roles: ['Privileged Authentication Administrator'] })
    const token = graph.microsoft.token({
      tenantId: graph.tenant.id,
      userId: userOf(fabrikam, 'Otto').id,
      appId: graph.appId,
      audience: 'https://graph.microsoft.com',
    })
    expect(await reset(graphCaller(graph.microsoft, token), 'Gloria', { newPassword: good })).toMatchObject({
      status: 202,
    })
  })
})

test('passwordMethods shows the constant id and never a password', async () => {
  await contoso()
  const path = (name: string) => `/users/${user(name).id}/authentication/passwordMethods`
  expect(await graph.app().get(path('Ada'))).toMatchObject({
    status: 200,
    body: { value: [{ id: method, password: null }] },
  })
  expect(await graph.as('Pia').get(path('Fatima'))).toMatchObject({ body: { value: [] } })
  expect(await graph.as('Ursula').get(path('Ada'))).toMatchObject(accessDenied)
})

test('passwords that the service makes meet its policy', async () => {
  await contoso()
  for (let made = 0; made < 200; made += 1) expect(meetsPasswordPolicy(graph.tenant, madePassword())).toBe(true)
})
