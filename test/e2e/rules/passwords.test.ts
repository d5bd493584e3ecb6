/** Passwords: who has to sign in, whose can be reset, who gets to see the new one. */

import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorGlobalId } from '../../../src/resolvers/global-ids.ts'
import { canary } from '../../support/canary/canary.ts'
import { ownerSql } from '../../support/owner-sql.ts'
import { aRulesScene, offer, olga, optionOf, type RulesScene, requirementsOf, tess } from '../../support/rules-scene.ts'
import { contoso, fabrikam } from '../../support/rules-world.ts'

let scene: RulesScene
beforeAll(async () => {
  scene = await aRulesScene()
})
afterAll(() => scene.close())

const onScreen = { onScreen: true }
const mails = () => scene.gateway.microsoft.simulator.mailSink.mails()

test('B16 holds: resetting the password of an ordinary user needs the privileged sign-in, too', async () => {
  await scene.signOut()
  const seen = await scene.look('Mia')
  expect(requirementsOf(seen, 'RESET_PASSWORD')).toEqual(['PrivilegedSignInRequirement'])
  const { password } = scene.person('Mia')
  expect(await scene.reset(seen.target, onScreen)).toMatchObject({ code: 'PRIVILEGED_SIGN_IN_REQUIRED' })
  expect(
    await scene.block(seen.target, ['REVOKE_SESSIONS', 'RESET_PASSWORD'], { passwordDelivery: onScreen }),
  ).toMatchObject({
    code: 'PRIVILEGED_SIGN_IN_REQUIRED',
    message: expect.stringContaining('REVOKE_SESSIONS could go alone'),
  })
  expect(scene.person('Mia').password).toBe(password)

  await scene.signIn('Pia')
  expect(requirementsOf(await scene.look('Mia'), 'RESET_PASSWORD')).toEqual([])
  expect(await scene.reset(seen.target, onScreen)).toMatchObject({ status: 'SUCCEEDED' })
  expect(scene.person('Mia').password).not.toBe(password)
})

test('B16 does not reach: the other actions on an ordinary user', async () => {
  await scene.signOut()
  const seen = await scene.look('Mia')
  const others = seen.available.filter(({ kind }) => kind !== 'RESET_PASSWORD')
  expect(others.map(({ kind }) => kind)).toContain('DISABLE_USER')
  expect(others.flatMap(({ requirements }) => requirements)).toEqual([])
})

test.each([
  ['a guest', 'Gil', 'GUEST_USER'],
  ['an external member', 'Enzo', 'GUEST_USER'],
  ['a guest with an admin role', 'Gwen', 'GUEST_USER'],
  ['an account of a federated domain', 'Fedor', 'FEDERATED_USER'],
])('B17 holds: the password of %s is not here', async (_whose, name, code) => {
  await scene.signIn('Pia')
  const seen = await scene.look(name)
  expect(offer(seen, 'RESET_PASSWORD')).toBe(code)
  expect(seen.greyedOut.find(({ kind }) => kind === 'RESET_PASSWORD')?.remedy).toMatch(/reset/i)
  const { password } = scene.person(name)
  expect(await scene.reset(seen.target, onScreen)).toMatchObject({
    __typename: 'RemediationUnavailableError',
    reasons: [{ code }],
  })
  expect(scene.person(name).password).toBe(password)
})

test('B17 holds: a synchronised account says that writeback is needed, and why a reset without it failed', async () => {
  await scene.signIn('Pia')
  const seen = await scene.look('Synne')
  expect(optionOf(seen, 'RESET_PASSWORD').warnings).toContain('PASSWORD_WRITEBACK_NEEDED')
  expect(await scene.reset(seen.target, onScreen)).toMatchObject({
    status: 'FAILED',
    temporaryPassword: null,
    steps: [{ code: 'PASSWORD_WRITEBACK_FAILED', message: expect.stringContaining('on-premises') }],
  })
})

test('B17 does not reach: accounts that are hosted here, with any admin role, disabled, or synchronised with writeback', async () => {
  await scene.signIn('Pia')
  for (const name of ['Max', 'Dora', 'Hugo', 'Nino']) {
    const seen = await scene.look(name)
    expect(optionOf(seen, 'RESET_PASSWORD').warnings).not.toContain('PASSWORD_WRITEBACK_NEEDED')
    expect(await scene.reset(seen.target, onScreen)).toMatchObject({ status: 'SUCCEEDED' })
  }
  await scene.signIn('Pavel', { tenant: fabrikam })
  const sana = await scene.look('Sana', { tenant: fabrikam })
  const { status, temporaryPassword } = await scene.reset(sana.target, onScreen)
  expect([status, temporaryPassword]).toEqual(['SUCCEEDED', scene.person('Sana', fabrikam).password])
})

test('B23 holds: the password is in the answer of the mutation and nowhere else, and a change is forced', async () => {
  await scene.signIn('Pia')
  const { target } = await scene.look('Mara')
  const input = { passwordDelivery: onScreen, idempotencyKey: crypto.randomUUID() }
  const run = await scene.block(target, ['RESET_PASSWORD'], input)
  const password = run.temporaryPassword ?? ''
  expect(password).toBe(scene.person('Mara').password)
  expect(scene.person('Mara').forceChangePasswordNextSignIn).toBe(true)

  const again = await scene.block(target, ['RESET_PASSWORD'], input)
  expect(again).toMatchObject({ id: run.id, temporaryPassword: null })
  const { data } = await scene.gateway.graphql(
    'query ($id: ID!) { node(id: $id) { ... on RemediationRun { status temporaryPassword event { runs { edges { node { temporaryPassword } } } } } } }',
    { id: run.id },
    { as: olga },
  )
  expect(data.node).toMatchObject({
    temporaryPassword: null,
    event: { runs: { edges: [{ node: { temporaryPassword: null } }] } },
  })
  expect(await everythingStored()).not.toContain(password)
  expect(scene.gateway.log()).not.toContain(password)
  expect(JSON.stringify(mails())).not.toContain(password)
})

test('B23 does not reach: actions that make no password', async () => {
  const { target } = await scene.look('Mara')
  expect(await scene.block(target, ['REVOKE_SESSIONS'])).toMatchObject({ status: 'SUCCEEDED', temporaryPassword: null })
})

/** Every row of every table of ours, as text. */
async function everythingStored(): Promise<string> {
  const tables = await ownerSql(scene.database, "select tablename from pg_tables where schemaname = 'public'")
  expect(tables.length).toBeGreaterThan(5)
  const rows = tables.map(({ tablename }) => ownerSql(scene.database, `select t::text from "${tablename}" t`))
  return JSON.stringify(await Promise.all(rows))
}

test('B24 holds: it goes by mail to whom the operator names and who has access, besides the screen or instead of it', async () => {
  await scene.signIn('Pia')
  const carla = await scene.anOperator({ name: 'Carla', email: 'carla@example.com' })
  await scene.anOperator({ name: 'Olga', email: 'olga@example.com', objectId: olga.userId })
  const { target } = await scene.look('Moritz')
  const sent = mails().length
  const both = await scene.reset(target, { onScreen: true, emailMe: true, emailOperatorIds: [operatorGlobalId(carla)] })
  expect(both.temporaryPassword).toBe(scene.person('Moritz').password)
  const received = mails().slice(sent)
  expect(received.flatMap(({ to }) => to).sort()).toEqual(['carla@example.com', 'olga@example.com'])
  expect(received.every(({ text }) => text.includes(scene.person('Moritz').password))).toBe(true)
  for (const [to = ''] of received.map((mail) => mail.to)) {
    canary.mailAskedFor({ to, password: scene.person('Moritz').password })
  }

  const instead = await scene.reset(target, { emailOperatorIds: [operatorGlobalId(carla)] })
  expect(instead).toMatchObject({ status: 'SUCCEEDED', temporaryPassword: null })
  expect(
    mails()
      .slice(sent + 2)
      .flatMap(({ to }) => to),
  ).toEqual(['carla@example.com'])
  canary.mailAskedFor({ to: 'carla@example.com', password: scene.person('Moritz').password })
})

test.each([
  ['an operator without access to the tenant', { email: 'silas@example.com', access: false }, 'Moritz'],
  ['an operator without a stored address, whatever the token claims', { email: null }, 'Moritz'],
  ['the subject by its sign-in name', { email: 'MORITZ@contoso.com' }, 'Moritz'],
  ['the subject by its mail address', { email: 'alma.berg@contoso.com' }, 'Alma'],
  ['the subject by another address of its mailbox', { email: 'Alma@contoso.onmicrosoft.com' }, 'Alma'],
])('B24 does not reach: %s', async (_who, given, name) => {
  await scene.signIn('Pia')
  const operator = await scene.anOperator({ name: 'Silas', ...given })
  const { target } = await scene.look(name)
  const [sent, writes] = [mails().length, scene.writes()]
  expect(await scene.reset(target, { emailOperatorIds: [operatorGlobalId(operator)] })).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: ['input', 'passwordDelivery', 'emailOperatorIds'] }],
  })
  expect([mails().length, scene.writes()]).toEqual([sent, writes])
})

test('B24 does not reach: the subject as an operator of the product, and nobody at all', async () => {
  await scene.signIn('Pia')
  const itself = await scene.anOperator({
    name: 'Moritz',
    email: 'private@example.net',
    objectId: scene.person('Moritz', contoso).id,
  })
  const { target } = await scene.look('Moritz')
  for (const delivery of [{ emailOperatorIds: [operatorGlobalId(itself)] }, {}, { onScreen: false }]) {
    expect(await scene.reset(target, delivery)).toMatchObject({ __typename: 'InvalidInputError' })
  }
})

test("B24 does not reach: the caller without a stored address, whatever the caller's token claims", async () => {
  const { name, preferred_username } = decodeJwt(scene.gateway.microsoft.token(tess))
  expect([name, preferred_username]).toContain('tess@litware.com')
  await scene.signIn('Pia', { who: tess })
  const { target } = await scene.look('Mona', { who: tess })
  const [sent, writes] = [mails().length, scene.writes()]
  expect(await scene.reset(target, { emailMe: true }, tess)).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: ['input', 'passwordDelivery', 'emailMe'] }],
  })
  expect([mails().length, scene.writes()]).toEqual([sent, writes])
})
