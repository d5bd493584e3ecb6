/** What is said, where, and where it is not. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userOf } from '../../../simulator/builders.ts'
import { aRecord, aRulesScene, offer, olga, optionOf, type RulesScene, recordBy } from '../../support/rules-scene.ts'
import { contoso, unhealthy } from '../../support/rules-world.ts'

let scene: RulesScene
beforeAll(async () => {
  scene = await aRulesScene()
})
afterAll(() => scene.close())

const banner = {
  message: expect.stringMatching(/team is actively working to add new remediations and .*handle more use cases/),
  supportEmail: 'support@example.com',
}

test('B9 holds: with nothing available the banner is there, and whom to ask', async () => {
  const anonymous = { ...aRecord(contoso), UserId: 'anonymous', UserKey: 'anonymous' }
  expect((await scene.record(anonymous)).banner).toEqual(banner)
  expect((await scene.look('Olga')).banner).toEqual(banner)
  expect((await scene.look('Mats', { tenant: unhealthy.consentWithdrawn })).banner).toEqual(banner)
})

test('B9 does not reach: an event about which something can be done, be it little', async () => {
  const gil = await scene.look('Gil')
  expect(gil.greyedOut.length).toBeGreaterThan(0)
  expect(gil.banner).toBeNull()
  expect((await scene.look('Mia')).banner).toBeNull()
})

/** What the schema says of a warning. */
async function wordsOf(warning: string): Promise<string> {
  const { data } = await scene.gateway.graphql(
    '{ __type(name: "RemediationWarning") { enumValues { name description } } }',
    {},
    { as: olga },
  )
  return data.__type.enumValues.find(({ name }: { name: string }) => name === warning).description
}

test('B22 holds: of a synchronised user it says that the directory may undo the disabling, and that revoking cannot be undone', async () => {
  const synne = await scene.look('Synne')
  expect(optionOf(synne, 'DISABLE_USER').warnings).toContain('DIRECTORY_SYNC_MAY_REVERT')
  expect(optionOf(synne, 'REVOKE_SESSIONS')).toMatchObject({
    reversible: false,
    howToUndo: null,
    warnings: expect.arrayContaining(['CANNOT_BE_UNDONE']),
  })
  expect(await wordsOf('DIRECTORY_SYNC_MAY_REVERT')).toMatch(/synchronisation may undo/)
  expect(await wordsOf('CANNOT_BE_UNDONE')).toMatch(/no way back/)
  expect(await scene.block(synne.target, ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
})

test('B22 does not reach: an account that is only here, and the other actions', async () => {
  expect(optionOf(await scene.look('Max'), 'DISABLE_USER').warnings).not.toContain('DIRECTORY_SYNC_MAY_REVERT')
  const others = (await scene.look('Synne')).available.filter(({ kind }) => kind !== 'DISABLE_USER')
  expect(others.flatMap(({ warnings }) => warnings)).not.toContain('DIRECTORY_SYNC_MAY_REVERT')
})

test('B25 holds: every option says what it does, what it does not, and whether and where it can be undone', async () => {
  const { available } = await scene.look('Mia')
  expect(available).toHaveLength(5)
  for (const { effect, limits, reversible, howToUndo, warnings } of available) {
    expect(effect).toMatch(/\w+ .*\.$/)
    expect(limits).toMatch(/\w+ .*\.$/)
    expect([howToUndo !== null, warnings.includes('CANNOT_BE_UNDONE')]).toEqual([reversible, !reversible])
  }
  const undone = (kind: string) => available.find((one) => one.kind === kind)?.howToUndo
  for (const words of ['Microsoft 365 admin center', 'Unblock sign-in', 'Entra admin center', 'Account enabled']) {
    expect(undone('DISABLE_USER')).toContain(words)
  }
  expect(undone('DISABLE_USER')).toMatch(/Edit properties.*Settings/)
  expect(undone('DISABLE_INBOX_RULES')).toMatch(/Review the rules.*on again.*delete the rest/)
  expect(available.find(({ kind }) => kind === 'REVOKE_SESSIONS')?.limits).toMatch(
    /keeps nobody out.*Combine it with disabling the user or resetting the password/,
  )
})

test('B25 does not reach: what cannot be undone names no way back', async () => {
  const { available } = await scene.look('Mia')
  const forGood = available.filter(({ reversible }) => !reversible)
  expect(forGood.map(({ kind }) => kind)).toEqual(['REVOKE_SESSIONS', 'REMOVE_MAIL_FORWARDING', 'RESET_PASSWORD'])
  expect(forGood.map(({ howToUndo }) => howToUndo)).toEqual([null, null, null])
})

const recommended = async (name: string) =>
  (await scene.look(name)).available.flatMap(({ kind, recommended: isSo }) => (isSo ? [kind] : []))

test('B26 holds: disabling, revoking and resetting are recommended', async () => {
  expect(await recommended('Mia')).toEqual(['DISABLE_USER', 'REVOKE_SESSIONS', 'RESET_PASSWORD'])
  expect(await recommended('Rita')).toEqual(['DISABLE_USER', 'REVOKE_SESSIONS', 'RESET_PASSWORD'])
})

test('B26 does not reach: what is done to a mailbox, and what is not possible for the user', async () => {
  const mia = await scene.look('Mia')
  for (const kind of ['REMOVE_MAIL_FORWARDING', 'DISABLE_INBOX_RULES']) {
    expect(offer(mia, kind)).toMatchObject({ recommended: false })
  }
  expect(await recommended('Gil')).toEqual(['DISABLE_USER', 'REVOKE_SESSIONS'])
})

/** Somebody switched Mara's account on or off. */
const switched = (index: number, Operation: string, more: object = {}) => {
  const { id, userPrincipalName } = userOf(contoso, 'Mara')
  const Target = [
    { ID: `User_${id}`, Type: 2 },
    { ID: userPrincipalName, Type: 5 },
  ]
  const own = { Operation, RecordType: 8, Workload: 'AzureActiveDirectory', ResultStatus: 'Success' }
  return { ...recordBy(contoso, 'Otto', index), ...own, ObjectId: userPrincipalName, Target, ...more }
}
const accountEnabled = (OldValue: string, NewValue: string) => ({
  ModifiedProperties: [{ Name: 'AccountEnabled', OldValue, NewValue }],
})
const reminder = /keep (a close eye on|watching)/i

test('B27 holds: how to undo it, the outcome and an event that shows the account enabled again remind to keep watching', async () => {
  const moritz = await scene.look('Moritz')
  expect(optionOf(moritz, 'DISABLE_USER').howToUndo).toMatch(reminder)
  const { steps } = await scene.block(moritz.target, ['DISABLE_USER'])
  expect(steps).toMatchObject([{ state: 'CONFIRMED', remedy: expect.stringMatching(reminder) }])
  for (const record of [
    switched(1, 'Enable account.'),
    switched(2, 'Update user.', accountEnabled('[false]', '[true]')),
  ]) {
    expect((await scene.record(record)).reasons.join(' ')).toMatch(reminder)
  }
})

test('B27 does not reach: an event that shows the account disabled, a change of something else, and the other actions', async () => {
  for (const record of [
    switched(3, 'Disable account.'),
    switched(4, 'Update user.', accountEnabled('[true]', '[false]')),
    switched(5, 'Update user.', { ModifiedProperties: [{ Name: 'JobTitle', OldValue: '[]', NewValue: '["Clerk"]' }] }),
  ]) {
    expect((await scene.record(record)).reasons.join(' ')).not.toMatch(reminder)
  }
  const { target } = await scene.look('Max')
  const { steps } = await scene.block(target, ['REVOKE_SESSIONS'])
  expect(steps).toMatchObject([{ state: 'CONFIRMED', remedy: null }])
})
