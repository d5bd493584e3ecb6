/** What is offered for an event, several actions at once, how a failure is said, and where to turn. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userOf } from '../../../simulator/builders.ts'
import { aRecord, aRulesScene, olga, type RulesScene, recordBy } from '../../support/rules-scene.ts'
import { contoso, litware } from '../../support/rules-world.ts'

let scene: RulesScene
beforeAll(async () => {
  scene = await aRulesScene()
})
afterAll(() => scene.close())

/** Of the partner, and without access to anything. */
const stranger = { tenantId: litware.id, userId: userOf(litware, 'Timo').id }
const everyAction = [
  'DISABLE_USER',
  'REVOKE_SESSIONS',
  'REMOVE_MAIL_FORWARDING',
  'DISABLE_INBOX_RULES',
  'RESET_PASSWORD',
] as const

test('B1 holds: options follow from the present state of the tenant', async () => {
  const { target, available } = await scene.look('Max')
  expect(available.map(({ kind }) => kind)).toContain('DISABLE_USER')
  scene.person('Max').accountEnabled = false
  expect((await scene.plan(target, ['DISABLE_USER'])).refusals).toMatchObject([
    { reasons: [{ kind: 'DISABLE_USER', code: 'ALREADY_DISABLED' }] },
  ])
})

/** Somebody did something to Moritz's account. */
const onMoritz = (actor: string) => {
  const { id, userPrincipalName } = userOf(contoso, 'Moritz')
  const Target = [
    { ID: `User_${id}`, Type: 2 },
    { ID: userPrincipalName, Type: 5 },
  ]
  const own = { Operation: 'Update user.', RecordType: 8, Workload: 'AzureActiveDirectory', ResultStatus: 'Success' }
  return { ...recordBy(contoso, actor, 7), ...own, ObjectId: userPrincipalName, Target }
}

async function namesOffered(record: { Id: string }): Promise<string[]> {
  await scene.record(record)
  const { data } = await scene.gateway.graphql(
    `query ($filter: SecurityEventFilter) { securityEvents(filter: $filter) { edges { node {
      availableRemediations { subject { ... on UserSubject { userPrincipalName } } } } } } }`,
    { filter: { sourceRecordId: record.Id } },
    { as: olga },
  )
  const options: { subject: { userPrincipalName?: string } }[] = data.securityEvents.edges[0].node.availableRemediations
  return [...new Set(options.map(({ subject }) => subject.userPrincipalName ?? ''))].sort()
}

test('B2 holds: who raised the event and whom it happened to each have a section', async () => {
  expect(await namesOffered(onMoritz('Milo'))).toEqual(['milo@contoso.com', 'moritz@contoso.com'])
})

test('B2 does not reach: users that the event does not name, and those for whom nothing is possible', async () => {
  expect(await namesOffered(onMoritz('Olga'))).toEqual(['moritz@contoso.com'])
})

test('B6 holds: any subset goes in its order, and one that fails does not stop the others', async () => {
  await scene.signIn('Pia')
  const { target } = await scene.look('Mia')
  const { id } = scene.person('Mia')
  const denied = { status: 403, code: 'Authorization_RequestDenied' }
  // Refused to the application, and to the administrator's sign-in after it.
  const path = `^/users/${id}$`
  scene.gateway.microsoft.fault({ fault: 'status', method: 'PATCH', path, times: 2, args: denied })
  const delivery = { passwordDelivery: { onScreen: true } }
  const states = ['FAILED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED']
  expect(await scene.block(target, everyAction.toReversed(), delivery)).toMatchObject({
    status: 'PARTIAL',
    steps: everyAction.map((kind, index) => ({ kind, state: states[index] })),
  })
  expect([scene.person('Mia').accountEnabled, scene.mailbox('Mia').forwardingSmtpAddress]).toEqual([true, null])
})

test('B6 holds: a rule that forbids one refuses the whole, and names what could go alone by the sign-in there is', async () => {
  await scene.signIn('Pia')
  const { target } = await scene.look('Gloria')
  const before = scene.writes()
  const delivery = { passwordDelivery: { onScreen: true } }
  expect(await scene.block(target, ['DISABLE_USER', 'REVOKE_SESSIONS', 'RESET_PASSWORD'], delivery)).toMatchObject({
    code: 'LAST_GLOBAL_ADMINISTRATOR',
    message: expect.stringContaining('REVOKE_SESSIONS, RESET_PASSWORD could go alone'),
  })
  expect(scene.writes()).toBe(before)
  await scene.signOut()
  expect(await scene.block(target, ['DISABLE_USER', 'REVOKE_SESSIONS', 'RESET_PASSWORD'], delivery)).toMatchObject({
    message: expect.stringContaining(' REVOKE_SESSIONS could go alone'),
  })
})

test('B6 does not reach: an action with nothing to do, which is skipped while the others run', async () => {
  const { target } = await scene.look('Milo')
  expect(await scene.block(target, ['REVOKE_SESSIONS', 'DISABLE_INBOX_RULES'])).toMatchObject({
    status: 'SUCCEEDED',
    steps: [{ state: 'CONFIRMED' }, { state: 'SKIPPED', code: 'NO_ENABLED_INBOX_RULES' }],
  })
})

const contact = expect.stringContaining('support@example.com')

test.each([
  ['a role that is too low', 403, 'Authorization_RequestDenied', 'INSUFFICIENT_ROLE', false],
  ['a target that is gone', 404, 'Request_ResourceNotFound', 'NOT_FOUND', false],
  ['a call that is not taken', 400, 'Request_BadRequest', 'UPSTREAM_ERROR', true],
])(
  'B30 holds: %s is said with a code, a sentence, whether to try again, and the contact',
  async (_what, status, code, said, retryable) => {
    const { target } = await scene.look('Mona')
    const path = `^/users/${scene.person('Mona').id}/revokeSignInSessions$`
    scene.gateway.microsoft.fault({ fault: 'status', method: 'POST', path, args: { status, code } })
    const run = await scene.block(target, ['REVOKE_SESSIONS'])
    expect(run).toMatchObject({ status: 'FAILED', steps: [{ code: said, retryable, remedy: contact }] })
    expect(run.steps[0]?.message).toMatch(/\w+ \w+.*\.$/)
  },
)

test('B30 holds: what could not be read is a failure with the contact, too', async () => {
  const { target } = await scene.look('Mara')
  const args = { status: 400, code: 'BadRequest' }
  scene.gateway.microsoft.fault({ fault: 'status', service: 'exchange', times: 9, args })
  expect(await scene.block(target, ['REVOKE_SESSIONS', 'REMOVE_MAIL_FORWARDING'])).toMatchObject({
    status: 'PARTIAL',
    steps: [{ state: 'CONFIRMED' }, { code: 'UPSTREAM_ERROR', retryable: true, remedy: contact }],
  })
})

test('B30 does not reach: what was done', async () => {
  const { target } = await scene.look('Moritz')
  expect(await scene.block(target, ['REVOKE_SESSIONS'])).toMatchObject({ steps: [{ code: null, retryable: null }] })
})

test('B31 holds: an event has a link for notifications, and the viewer is told where to turn', async () => {
  const { url, target } = await scene.look('Moritz')
  expect(url).toBe(`https://tourniquet.example.com/events/${target.eventId}`)
  const { data } = await scene.gateway.graphql('{ viewer { support { email } } }', {}, { as: olga })
  expect(data.viewer.support.email).toBe('support@example.com')
})

test('B31 does not reach: what the event is about, which the link gives away to nobody', async () => {
  const { url } = await scene.record({ ...aRecord(contoso), UserId: 'anonymous', UserKey: 'anonymous' })
  expect(url).not.toMatch(/anonymous|contoso/i)
  const id = url.split('/').at(-1)
  const asked = await scene.gateway.graphql(
    'query ($id: ID!) { securityEvent(id: $id) { id } }',
    { id },
    { as: stranger },
  )
  expect(asked.data).toEqual({ securityEvent: null })
})
