import { expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../test/support/microsoft.ts'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from './builders.ts'
import type { Tenant } from './world.ts'

const app = anApplication({ permissions: ['User.Read.All', 'User.EnableDisableAccount.All'] })

async function aRunning(): Promise<{
  microsoft: TestMicrosoft
  contoso: Tenant
  call: (method: string, path: string, body?: unknown) => Promise<Response>
}> {
  const contoso = aTenant({ people: [person('Ada')] })
  withApp(contoso, app)
  const microsoft = await aMicrosoft(aWorld({ tenants: [contoso], applications: [app] }))
  const token = microsoft.token({ tenantId: contoso.id, appId: app.appId, audience: 'https://graph.microsoft.com' })
  const call = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${microsoft.url}/v1.0${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  return { microsoft, contoso, call }
}

test('a connection cut before the effect leaves the account on, one cut after it leaves it off', async () => {
  const { microsoft, contoso, call } = await aRunning()
  const ada = userOf(contoso, 'Ada')
  microsoft.fault({ fault: 'resetBefore', method: 'PATCH' })
  await expect(call('PATCH', `/users/${ada.id}`, { accountEnabled: false })).rejects.toThrow('fetch failed')
  expect(ada.accountEnabled).toBe(true)
  microsoft.fault({ fault: 'resetAfter', method: 'PATCH' })
  await expect(call('PATCH', `/users/${ada.id}`, { accountEnabled: false })).rejects.toThrow('fetch failed')
  expect(ada.accountEnabled).toBe(false)
  expect(microsoft.journal()).toMatchObject([
    { service: 'graph', status: 0, mutates: true },
    { service: 'graph', status: 204, mutates: true },
  ])
  await microsoft.close()
})

test('a batch is journalled with each of its items, and struck as a whole only by name', async () => {
  const { microsoft, contoso, call } = await aRunning()
  const path = `/users/${userOf(contoso, 'Ada').id}?$select=accountEnabled`
  const batch = { requests: ['1', '2'].map((id) => ({ id, method: 'GET', url: path })) }
  microsoft.fault({ fault: 'throttle', service: 'graph', args: { retryAfter: 1 } })
  const answer = await call('POST', '/$batch', batch)
  expect(answer.status).toBe(200)
  const { responses } = (await answer.json()) as { responses: { status: number }[] }
  expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 429])
  const entries = microsoft.journal()
  expect(entries).toHaveLength(3)
  const requests = entries.filter(({ batchId }) => batchId === null)
  expect(requests).toMatchObject([{ path: '/$batch', status: 200, mutates: false }])
  const items = entries.filter(({ batchId }) => batchId !== null)
  expect(new Set(items.map(({ batchId }) => batchId)).size).toBe(1)

  microsoft.fault({ fault: 'throttle', path: '\\$batch', args: { retryAfter: 1 } })
  expect((await call('POST', '/$batch', batch)).status).toBe(429)
  microsoft.fault({ fault: 'resetBefore', path: '[$]batch' })
  await expect(call('POST', '/$batch', batch)).rejects.toThrow('fetch failed')
  await microsoft.close()
})

test('reads are stale while a fault says so, and the write itself is seen by the service', async () => {
  const { microsoft, contoso, call } = await aRunning()
  const path = `/users/${userOf(contoso, 'Ada').id}`
  microsoft.fault({ fault: 'stale', args: { ms: 60_000 } })
  expect((await call('PATCH', path, { accountEnabled: false })).status).toBe(204)
  const read = async (): Promise<unknown> => (await call('GET', `${path}?$select=accountEnabled`)).json()
  expect(await read()).toMatchObject({ accountEnabled: true })
  expect(await read()).toMatchObject({ accountEnabled: false })
  await microsoft.close()
})
