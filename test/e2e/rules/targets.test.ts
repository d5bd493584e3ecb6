/** Who can be a target at once, and who never. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userOf } from '../../../simulator/builders.ts'
import {
  aRecord,
  aRulesScene,
  offer,
  olga,
  optionOf,
  otto,
  type RulesScene,
  requirementsOf,
  tilda,
} from '../../support/rules-scene.ts'
import { contoso, litware } from '../../support/rules-world.ts'

let scene: RulesScene
beforeAll(async () => {
  scene = await aRulesScene()
})
afterAll(() => scene.close())

const everyAction = [
  'DISABLE_USER',
  'REVOKE_SESSIONS',
  'REMOVE_MAIL_FORWARDING',
  'DISABLE_INBOX_RULES',
  'RESET_PASSWORD',
] as const
const onScreen = { passwordDelivery: { onScreen: true } }

test.each([
  ['a member', 'Mia'],
  ['a guest', 'Gil'],
  ['an external member', 'Enzo'],
  ['somebody in a group that can hold no role', 'Ordo'],
])('B10 holds: %s without an admin role is disabled at once', async (_who, name) => {
  const seen = await scene.look(name, { who: otto })
  expect(optionOf(seen, 'DISABLE_USER')).toMatchObject({ requirements: [], viewerCan: true })
  const { calls, refusals } = await scene.plan(seen.target, ['DISABLE_USER'], otto)
  expect(calls).toMatchObject([{ kind: 'DISABLE_USER', credential: 'APPLICATION' }])
  expect(refusals).toEqual([])
  expect(await scene.block(seen.target, ['DISABLE_USER'], {}, otto)).toMatchObject({ status: 'SUCCEEDED' })
  expect(scene.person(name).accountEnabled).toBe(false)
})

test.each(['Gesa', 'Enzo'])('B10 holds: sessions of %s can be revoked, which revokes nothing at home', async (name) => {
  const seen = await scene.look(name)
  expect(optionOf(seen, 'REVOKE_SESSIONS').warnings).toContain('GUEST_SIGNS_IN_ELSEWHERE')
  expect(await scene.block(seen.target, ['REVOKE_SESSIONS'])).toMatchObject({ status: 'SUCCEEDED' })
})

test('B10 does not reach: a guest with an admin role', async () => {
  const seen = await scene.look('Gwen')
  expect(requirementsOf(seen, 'DISABLE_USER')).toEqual(['PrivilegedSignInRequirement'])
  expect(await scene.block(seen.target, ['DISABLE_USER'])).toMatchObject({
    __typename: 'PrivilegedSignInRequiredError',
  })
  expect(scene.person('Gwen').accountEnabled).toBe(true)
})

test('B10 does not reach: the sessions of a member, which are all here', async () => {
  expect(optionOf(await scene.look('Max'), 'REVOKE_SESSIONS').warnings).not.toContain('GUEST_SIGNS_IN_ELSEWHERE')
})

/** Every action alone and all together are refused, and nothing leaves. */
async function expectRefusedToTarget(name: string) {
  const seen = await scene.look(name)
  expect(seen.available).toEqual([])
  expect(seen.greyedOut.map(({ kind, code }) => [kind, code])).toEqual(everyAction.map((kind) => [kind, 'SELF']))
  const before = scene.writes()
  for (const actions of [...everyAction.map((kind) => [kind]), everyAction]) {
    const refused = { __typename: 'CannotTargetSignedInUserError', code: 'CANNOT_TARGET_SIGNED_IN_USER' }
    expect((await scene.plan(seen.target, actions)).refusals).toMatchObject([refused])
    expect(await scene.block(seen.target, actions, onScreen)).toMatchObject(refused)
  }
  expect(await scene.reset(seen.target, { onScreen: true })).toMatchObject({ code: 'CANNOT_TARGET_SIGNED_IN_USER' })
  expect(scene.writes()).toBe(before)
}

test("B12 holds: the operator's own account", () => expectRefusedToTarget('Olga'))

test("B12 holds: the operator's own account, by a record that tells its id in capital letters", async () => {
  const { id } = userOf(contoso, 'Olga')
  const record = { ...aRecord(contoso), OrganizationId: contoso.id.toUpperCase(), UserKey: id.toUpperCase() }
  const seen = await scene.record({ ...record, UserId: 'OLGA@CONTOSO.COM' })
  expect(offer(seen, 'REVOKE_SESSIONS')).toBe('SELF')
})

test.each([
  ['a member', 'Pia'],
  ['a guest, whose id here is not the one at home', 'Gustav'],
])('B12 holds: the signed-in administrator, %s', async (_who, name) => {
  expect(await scene.signIn(name)).toBe('PrivilegedSession')
  await expectRefusedToTarget(name)
  await scene.signOut()
})

test('B12 does not reach: an administrator who is signed in for another operator, or no longer', async () => {
  await scene.signIn('Pia')
  expect(offer(await scene.look('Pia', { who: otto }), 'REVOKE_SESSIONS')).toMatchObject({ viewerCan: true })
  await scene.signOut()
  expect(offer(await scene.look('Pia'), 'REVOKE_SESSIONS')).toMatchObject({ viewerCan: true })
})

test('B12 does not reach: the same object id in another tenant', async () => {
  expect(userOf(contoso, 'Twin').id).toBe(tilda.userId)
  const twin = await scene.look('Twin', { who: tilda })
  expect(await scene.block(twin.target, ['REVOKE_SESSIONS'], {}, tilda)).toMatchObject({ status: 'SUCCEEDED' })
})

test('B12 does not reach: a colleague of the operator', async () => {
  expect(offer(await scene.look('Otto'), 'DISABLE_USER')).toMatchObject({ requirements: [] })
})

/** Nobody's account: the reason is shown, and every action is refused with it. */
async function expectNoTarget(record: object, code: string) {
  const seen = await scene.record(record)
  expect(seen.available).toEqual([])
  expect(seen.greyedOut).toMatchObject([{ kind: 'DISABLE_USER', code, message: expect.stringMatching(/\w+ \w+/) }])
  const before = scene.writes()
  const { calls, refusals } = await scene.plan(seen.target, everyAction)
  expect([calls, refusals.map((refusal) => refusal.code)]).toEqual([[], ['REMEDIATION_UNAVAILABLE']])
  const refused = { __typename: 'RemediationUnavailableError', reasons: everyAction.map((kind) => ({ kind, code })) }
  expect(await scene.block(seen.target, everyAction, onScreen)).toMatchObject(refused)
  expect(await scene.reset(seen.target, { onScreen: true })).toMatchObject({ reasons: [{ code }] })
  expect(scene.writes()).toBe(before)
}

/** Somebody did something about Moritz: without a person, a record of a service alone may be no event. */
const aboutMoritz = () => {
  const { id, userPrincipalName } = userOf(contoso, 'Moritz')
  const Target = [
    { ID: `User_${id}`, Type: 2 },
    { ID: userPrincipalName, Type: 5 },
  ]
  const own = {
    Operation: 'Disable account.',
    RecordType: 8,
    Workload: 'AzureActiveDirectory',
    ResultStatus: 'Success',
  }
  return { ...aRecord(contoso), ...own, ObjectId: userPrincipalName, Target }
}

test.each([
  ['app@sharepoint', {}],
  ['App@SharePoint', { UserType: 0 }],
  ['NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)', { UserType: 3 }],
  ['fim_password_service@support.onmicrosoft.com', {}],
  ['ServicePrincipal_2b1f7c0e-4d52-4c1c-9c55-0a6b7d1e8f34', { UserType: 4 }],
  ['Not Available', { UserType: 4 }],
])('B14 holds: %s is no target', (UserId, more) =>
  expectNoTarget({ ...aboutMoritz(), UserId, UserKey: UserId, ...more }, 'SYSTEM_IDENTITY'),
)

test('B14 does not reach: the user that a system identity acted on', async () => {
  const { gateway } = scene
  const record = { ...aboutMoritz(), UserId: 'app@sharepoint' }
  await scene.record(record)
  const { data } = await gateway.graphql(
    `query ($filter: SecurityEventFilter) { securityEvents(filter: $filter) { edges { node {
      availableRemediations { kind subject { __typename } } } } } }`,
    { filter: { sourceRecordId: record.Id } },
    { as: olga },
  )
  const options: { kind: string; subject: { __typename: string } }[] =
    data.securityEvents.edges[0].node.availableRemediations
  expect(options).toContainEqual({ kind: 'DISABLE_USER', subject: { __typename: 'UserSubject' } })
  expect(options.every(({ subject }) => subject.__typename === 'UserSubject')).toBe(true)
})

test('B14 does not reach: a person whose name looks like that of a service', async () => {
  const seen = await scene.record({ ...aRecord(contoso), UserId: 'app@contoso.com', UserKey: 'app@contoso.com' })
  expect(seen.greyedOut.map(({ code }) => code)).not.toContain('SYSTEM_IDENTITY')
})

test.each(['anonymous', 'Anonymous', `urn:spo:anon#${'0f'.repeat(32)}`])('B15 holds: %s is no target', (UserId) =>
  expectNoTarget({ ...aRecord(contoso), UserId, UserKey: UserId }, 'ANONYMOUS_IDENTITY'),
)

test('B15 does not reach: a guest who came by a link and has an account here', async () => {
  const seen = await scene.look('Gesa')
  expect(offer(seen, 'DISABLE_USER')).toMatchObject({ requirements: [] })
  const UserId = 'urn:spo:guest#gesa@wingtiptoys.com'
  const byLink = await scene.record({ ...aRecord(contoso), UserId, UserKey: UserId })
  expect(byLink.greyedOut.map(({ code }) => code)).not.toContain('ANONYMOUS_IDENTITY')
})

test('B15 does not reach: a technician of the partner, who has a name and an account elsewhere', async () => {
  const UserId = `user_${'a1'.repeat(16)}@contoso.onmicrosoft.com`
  const seen = await scene.record({ ...aRecord(contoso), UserId, ActorContextId: litware.id })
  expect(seen.available).toEqual([])
  expect(seen.greyedOut.map(({ code }) => code)).toEqual(everyAction.map(() => 'EXTERNAL_IDENTITY'))
})
