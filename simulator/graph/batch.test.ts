import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld } from '../../test/support/graph-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { person, userOf } from '../builders.ts'

let graph: GraphWorld
beforeEach(async () => {
  graph = await aGraphWorld({
    permissions: ['User.Read.All', 'User.EnableDisableAccount.All', 'MailboxSettings.Read'],
    people: ['Ada', 'Bruno', 'Carla', 'Dmitri', 'Esi'].map((name) => person(name)),
  })
})
afterEach(() => graph.microsoft.close())

const id = (name: string) => userOf(graph.tenant, name).id
const get = (itemId: string, url: string, more: object = {}) => ({ id: itemId, method: 'GET', url, ...more })
const disable = (itemId: string, name: string, more: object = {}) => ({
  id: itemId,
  method: 'PATCH',
  url: `/users/${id(name)}`,
  headers: { 'Content-Type': 'application/json' },
  body: { accountEnabled: false },
  ...more,
})

interface Item {
  id: string
  status: number
  headers: Record<string, string>
  body: unknown
}
const items = ({ body }: WireAnswer): Item[] =>
  (body as { responses: Item[] }).responses.toSorted((a, b) => Number(a.id) - Number(b.id))
const statuses = (answer: WireAnswer): number[] => items(answer).map(({ status }) => status)

test('answers belong to their ids, come in any order, and each has its own request id', async () => {
  const requests = Array.from({ length: 20 }, (_, index) => get(String(index + 1), `/users/${id('Ada')}`))
  const answer = await graph.app().batch(requests)
  expect(answer.status).toBe(200)
  const order = (answer.body as { responses: Item[] }).responses.map((item) => item.id)
  expect(order).not.toEqual(requests.map((request) => request.id))
  expect(order.toSorted()).toEqual(requests.map((request) => request.id).toSorted())
  expect(new Set(items(answer).map(({ headers }) => headers['request-id'])).size).toBe(20)
})

test('success, refusal and absence stand side by side; permissions count for each item', async () => {
  const answer = await graph.app().batch([
    get('1', `/users/${id('Ada')}?$select=displayName`),
    get('2', '/users/00000000-0000-4000-8000-000000000000'),
    get('3', '/groups'),
    disable('4', 'Bruno'),
    get('5', '/users?$select=id&$top=2'),
    {
      id: '6',
      method: 'POST',
      url: '/$batch',
      headers: { 'Content-Type': 'application/json' },
      body: { requests: [] },
    },
    get('7', '/users?$count=true', { headers: { ConsistencyLevel: 'eventual' } }),
  ])
  expect(statuses(answer)).toEqual([200, 404, 403, 204, 200, 400, 200])
  const [first, , , fourth, fifth] = items(answer)
  expect(first?.body).toMatchObject({ displayName: 'Ada' })
  expect(fourth?.body).toBeNull()
  expect(fifth?.body).toMatchObject({ '@odata.nextLink': expect.stringContaining(`${graph.microsoft.url}/v1.0/users`) })
  expect(userOf(graph.tenant, 'Bruno').accountEnabled).toBe(false)
})

test('the journal has one entry for the batch, which changes nothing, and one for each item', async () => {
  await graph.app().batch([get('1', '/users'), disable('2', 'Bruno')])
  const entries = graph.microsoft.journal().filter(({ service }) => service === 'graph')
  expect(entries.map(({ method, path, mutates }) => ({ method, path, mutates }))).toEqual([
    { method: 'GET', path: '/users', mutates: false },
    { method: 'PATCH', path: `/users/${id('Bruno')}`, mutates: true },
    { method: 'POST', path: '/$batch', mutates: false },
  ])
  expect(new Set(entries.slice(0, 2).map(({ batchId }) => batchId)).size).toBe(1)
})

test('what depends on a failed item is 424 and is not run', async () => {
  const answer = await graph
    .app()
    .batch([
      get('1', '/users/00000000-0000-4000-8000-000000000000'),
      disable('2', 'Ada', { dependsOn: ['1'] }),
      disable('3', 'Bruno', { dependsOn: ['2'] }),
      get('4', `/users/${id('Carla')}`),
      disable('5', 'Carla', { dependsOn: ['4'] }),
    ])
  expect(statuses(answer)).toEqual([404, 424, 424, 200, 204])
  expect(items(answer)[1]?.body).toMatchObject({ error: { code: 'FailedDependency' } })
  expect(userOf(graph.tenant, 'Ada').accountEnabled).toBe(true)
  expect(userOf(graph.tenant, 'Carla').accountEnabled).toBe(false)
})

test('items are throttled one by one, with their own delay', async () => {
  graph.microsoft.fault({ fault: 'throttle', path: id('Bruno'), args: { retryAfter: 2.128 } })
  const requests = ['Ada', 'Bruno'].map((name, index) => get(String(index + 1), `/users/${id(name)}`))
  const answer = await graph.app().batch(requests)
  expect(statuses(answer)).toEqual([200, 429])
  expect(items(answer)[1]?.headers['Retry-After']).toBe('2.128')
})

test('a batch with a throttled item can be made to fail as 424', async () => {
  graph.world.switches = { batchFailsWhole424: true }
  graph.microsoft.fault({ fault: 'throttle', path: id('Bruno') })
  expect(await graph.app().batch([get('1', `/users/${id('Bruno')}`)])).toMatchObject({ status: 424 })
})

test('four items for one mailbox run at once, the others are throttled', async () => {
  const path = `/users/${id('Ada')}/mailboxSettings`
  const requests = Array.from({ length: 6 }, (_, index) => get(String(index + 1), path))
  const answer = await graph.app().batch([...requests, get('7', `/users/${id('Bruno')}/mailboxSettings`)])
  expect(statuses(answer)).toEqual([200, 200, 200, 200, 429, 429, 200])
  expect(items(answer)[4]?.body).toMatchObject({ error: { code: 'ApplicationThrottled' } })
  expect(statuses(await graph.app().batch(requests.slice(0, 4)))).toEqual([200, 200, 200, 200])
})

test('a cut connection takes the whole batch with it, after the effects', async () => {
  graph.microsoft.fault({ fault: 'resetAfter', path: id('Ada') })
  await expect(graph.app().batch([disable('1', 'Ada'), disable('2', 'Bruno')])).rejects.toThrow()
  expect(['Ada', 'Bruno'].map((name) => userOf(graph.tenant, name).accountEnabled)).toEqual([false, false])
})

describe('a malformed batch is 400 as a whole and runs nothing', () => {
  const ada = (itemId: unknown, more: object = {}) => ({ ...disable('1', 'Ada'), id: itemId, ...more })
  test.each<[string, () => unknown]>([
    ['21 items', () => Array.from({ length: 21 }, (_, index) => ada(String(index)))],
    ['the same id twice', () => [ada('1'), ada('1')]],
    ['ids that differ in case only', () => [ada('a'), ada('A')]],
    ['no items', () => []],
    ['no list', () => 'x'],
    ['an id that is no text', () => [ada(1)]],
    ['no id', () => [ada(undefined)]],
    ['no method', () => [ada('1', { method: undefined })]],
    ['an unknown method', () => [ada('1', { method: 'SMASH' })]],
    ['no url', () => [ada('1', { url: undefined })]],
    ['a body without a content type', () => [ada('1', { headers: {} })]],
    ['a header that is no text', () => [ada('1', { headers: { 'Content-Type': 1 } })]],
    ['a dependency that does not exist', () => [ada('1', { dependsOn: ['2'] })]],
    ['a dependency that comes later', () => [ada('1', { dependsOn: ['2'] }), ada('2')]],
    ['an item that is no object', () => [ada('1'), null]],
  ])('%s', async (_, requests) => {
    const answer = await graph.app().send('POST', '/$batch', { requests: requests() })
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } })
    expect(userOf(graph.tenant, 'Ada').accountEnabled).toBe(true)
  })
  test('no JSON', async () => {
    expect(await graph.app().send('POST', '/$batch', '{')).toMatchObject({ status: 400 })
  })
})
