import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { mailboxOfUser, person, userOf } from '../builders.ts'
import { anInboxRule, builtInRules } from '../inbox-rules.ts'
import type { InboxRule } from '../world.ts'

let graph: GraphWorld
afterEach(() => graph.microsoft.close())

const contoso = async (permissions = ['MailboxSettings.ReadWrite']): Promise<void> => {
  graph = await aGraphWorld({
    permissions,
    delegated: ['MailboxSettings.ReadWrite'],
    people: [person('Ada'), person('Bruno'), person('Carla', { mailbox: false })],
  })
  const mailbox = mailboxOfUser(graph.tenant, 'Ada')
  mailbox.inboxRules = [
    anInboxRule({ displayName: 'Invoices', sequence: 2, actions: { moveToFolder: 'RSS Feeds' } }),
    anInboxRule({ displayName: '', sequence: 1, actions: { delete: true } }),
    anInboxRule({ displayName: 'Since May', sequence: 3, isReadOnly: true, actions: { delete: true } }),
    anInboxRule({ displayName: 'Sync', isHidden: true, actions: { delete: true } }),
    ...builtInRules(mailbox),
  ]
  mailbox.outlookRules = ['Print']
}
beforeEach(() => contoso())

const path = (name: string, rule?: string): string =>
  `/users/${userOf(graph.tenant, name).id}/mailFolders/inbox/messageRules${rule === undefined ? '' : `/${encodeURIComponent(rule)}`}`
const rule = (displayName: string): InboxRule => {
  const found = mailboxOfUser(graph.tenant, 'Ada').inboxRules.find((one) => one.displayName === displayName)
  if (!found) throw new Error(displayName)
  return found
}
const values = ({ body }: WireAnswer) => (body as { value: Record<string, unknown>[] }).value
const refused = (status: number, code: string) => ({ status, body: { error: { code } } })

describe('reading', () => {
  test('visible rules come in order, hidden ones never, and read-only ones without what they do', async () => {
    const rules = values(await graph.app().get(path('Ada')))
    expect(rules.map(({ displayName }) => displayName)).toEqual(['', 'Invoices', 'Since May'])
    expect(rules[1]).toMatchObject({ actions: { moveToFolder: expect.not.stringContaining('RSS') }, isReadOnly: false })
    expect(rules[2]).toEqual({
      id: rule('Since May').id,
      displayName: 'Since May',
      sequence: 3,
      isEnabled: true,
      hasError: false,
      isReadOnly: true,
    })
    expect(await graph.app().get(path('Ada', rule('Sync').id))).toMatchObject(refused(404, 'ErrorItemNotFound'))
    expect(await graph.app().get(path('Ada', 'no base64!'))).toMatchObject(refused(400, 'ErrorInvalidIdMalformed'))
    expect(values(await graph.app().get(path('Bruno')))).toEqual([])
  })

  test('an absent mailbox has two codes, an unknown user a third', async () => {
    expect(await graph.app().get(path('Carla'))).toMatchObject(refused(404, 'MailboxNotEnabledForRESTAPI'))
    expect(await graph.app().get(path('Carla'))).toMatchObject(refused(404, 'ResourceNotFound'))
    const nobody = '/users/00000000-0000-4000-8000-000000000000/mailFolders/inbox/messageRules'
    expect(await graph.app().get(nobody)).toMatchObject(refused(404, 'Request_ResourceNotFound'))
  })

  test('needs its permission; a person reaches the own mailbox only', async () => {
    expect(await graph.as('Ada').get(path('Ada'))).toMatchObject({ status: 200 })
    expect(await graph.as('Bruno').get(path('Ada'))).toMatchObject(refused(403, 'ErrorAccessDenied'))
    await graph.microsoft.close()
    await contoso(['User.Read.All'])
    expect(await graph.app().get(path('Ada'))).toMatchObject(refused(403, 'ErrorAccessDenied'))
  })

  test('the fifth call to one mailbox at the same time is refused', async () => {
    graph.microsoft.fault({ fault: 'delay', path: 'messageRules', times: 4, args: { ms: 1500 } })
    const answers = await Promise.all(Array.from({ length: 5 }, () => graph.app().get(path('Ada'))))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, 200, 200, 200, 429])
  })
})

describe('changing', () => {
  const disable = (displayName: string) =>
    graph.app().send('PATCH', path('Ada', rule(displayName).id), { isEnabled: false })

  test('a rule is disabled with 200 and the rule, and rules that only Outlook knows are lost', async () => {
    expect(await disable('')).toMatchObject({ status: 200, body: { displayName: '', isEnabled: false } })
    expect(rule('').isEnabled).toBe(false)
    expect(rule('').actions).toEqual({ delete: true })
    expect(mailboxOfUser(graph.tenant, 'Ada').outlookRules).toEqual([])
    expect(graph.microsoft.journal().at(-1)).toMatchObject({ method: 'PATCH', mutates: true, status: 200 })
  })

  test('actions are replaced as a whole, folders keep their names', async () => {
    const { body } = await graph.app().get(path('Ada', rule('Invoices').id))
    const { moveToFolder } = (body as { actions: { moveToFolder: string } }).actions
    await graph.app().send('PATCH', path('Ada', rule('Invoices').id), { actions: { copyToFolder: moveToFolder } })
    expect(rule('Invoices').actions).toEqual({ copyToFolder: 'RSS Feeds' })
  })

  test('a read-only rule is refused with 400, or as switched with 403', async () => {
    expect(await disable('Since May')).toMatchObject(refused(400, 'ErrorInvalidRequest'))
    graph.world.switches = { readOnlyRuleAnswers403: true }
    expect(await disable('Since May')).toMatchObject(refused(403, 'ErrorAccessDenied'))
    expect(await graph.app().send('DELETE', path('Ada', rule('Since May').id))).toMatchObject({ status: 403 })
    expect(rule('Since May').isEnabled).toBe(true)
  })

  test('a rule is deleted; a hidden one cannot be found', async () => {
    const gone = rule('Invoices').id
    expect(await graph.app().send('DELETE', path('Ada', gone))).toMatchObject({ status: 204 })
    expect(await graph.app().send('DELETE', path('Ada', gone))).toMatchObject(refused(404, 'ErrorItemNotFound'))
    expect(await disable('Sync')).toMatchObject(refused(404, 'ErrorItemNotFound'))
  })

  test('reading permission does not suffice', async () => {
    await graph.microsoft.close()
    await contoso(['MailboxSettings.Read'])
    expect(await disable('Invoices')).toMatchObject(refused(403, 'ErrorAccessDenied'))
  })

  test.each([[{}], [{ isReadOnly: false }], [{ isEnabled: 'no' }], [[]]])('%j is a bad body', async (body) => {
    const answer = await graph.app().send('PATCH', path('Ada', rule('Invoices').id), body)
    expect(answer).toMatchObject({ status: 400 })
  })
})
