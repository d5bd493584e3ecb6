/** The clients against the simulated Microsoft 365. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { clientId, clientSecret } from '../../simulator/sample/application.ts'
import type { Tenant } from '../../simulator/world.ts'
import { aMicrosoft, type TestMicrosoft } from '../../test/support/microsoft.ts'
import { createAccessTokenVerifier } from './entra/access-token.ts'
import { path } from './graph/path.ts'
import { createMicrosoft } from './microsoft.ts'
import type { Microsoft, TenantClients } from './types.ts'

let simulated: TestMicrosoft
let microsoft: Microsoft
let northwind: Tenant

const connect = (secret = clientSecret): Microsoft => {
  const { url } = simulated
  return createMicrosoft({
    clientId,
    credential: { secret },
    entraUrl: url,
    graphUrl: url,
    exchangeUrl: url,
    managementUrl: url,
  })
}
const clients = (tenant: Tenant = northwind): TenantClients =>
  microsoft.session({ deadlineAt: Date.now() + 15_000 }).tenant(tenant.id)
const upstreamCalls = (since: number) => simulated.journal(since).filter(({ service }) => service !== 'login')
const lastSeq = () => simulated.journal().at(-1)?.seq ?? 0

beforeEach(async () => {
  simulated = await aMicrosoft()
  microsoft = connect()
  northwind = simulated.tenant('Northwind Traders')
})
afterEach(async () => {
  await microsoft.close()
  await simulated.close()
})

test('people of a tenant are read in one batch, and an unknown one fails alone', async () => {
  const { graph } = clients()
  const people = northwind.users.slice(0, 10)
  const since = lastSeq()
  const unknown = graph.get('/users/00000000-0000-4000-8000-000000000000').catch((error: unknown) => error)
  const answers = await Promise.all(people.map(({ id }) => graph.get(path`/users/${id}?$select=id,displayName`)))
  expect(answers.map(({ body }) => body)).toEqual(
    people.map(({ id, displayName }) => expect.objectContaining({ id, displayName })),
  )
  expect(await unknown).toMatchObject({ kind: 'NOT_FOUND', upstreamCode: 'Request_ResourceNotFound' })
  const batches = new Set(upstreamCalls(since).map(({ batchId }) => batchId))
  expect(batches.size).toBeLessThanOrEqual(2)
})

test('a list is read to its end', async () => {
  const listed = await clients().graph.list('/users?$select=id&$top=5')
  expect(listed).toHaveLength(northwind.users.length)
})

test('sign-in is switched off by a write that is sent once, and read back fresh', async () => {
  const { graph } = clients()
  const ada = userOf(northwind, 'Ada')
  const read = async (fresh: boolean) =>
    (await graph.get(path`/users/${ada.id}?$select=id,accountEnabled`, { fresh })).body
  expect(await read(false)).toMatchObject({ accountEnabled: true })
  const since = lastSeq()
  const { status, requestId } = await graph.patch(path`/users/${ada.id}`, { accountEnabled: false })
  expect(status).toBe(204)
  expect(requestId).toBeTruthy()
  expect(simulated.user(ada.id).accountEnabled).toBe(false)
  expect(simulated.journal(since).filter(({ mutates }) => mutates)).toHaveLength(1)
  expect(await read(true)).toMatchObject({ accountEnabled: false })
})

test('P20: of a page, only the throttled read is sent again', async () => {
  const { graph } = clients()
  const people = northwind.users.slice(0, 8)
  await graph.get(path`/users/${userOf(northwind, 'Gloria').id}?$select=id`)
  const throttledId = people[3]?.id ?? ''
  simulated.fault({ fault: 'throttle', service: 'graph', path: `^/users/${throttledId}`, args: { retryAfter: 0.3 } })
  const since = lastSeq()
  const answers = await Promise.all(people.map(({ id }) => graph.get(path`/users/${id}?$select=id`)))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  const asked = upstreamCalls(since).filter(({ path }) => path.includes('/users/'))
  expect(asked).toHaveLength(people.length + 1)
  expect(asked.filter(({ path }) => path.includes(throttledId)).map(({ status }) => status)).toEqual([429, 200])
})

test('a cut before the effect and a cut after it both leave a write undecided', async () => {
  const { graph } = clients()
  const ada = userOf(northwind, 'Ada')
  for (const fault of ['resetBefore', 'resetAfter'] as const) {
    simulated.fault({ fault, service: 'graph', method: 'PATCH' })
    const failure = await graph
      .patch(path`/users/${ada.id}`, { accountEnabled: false })
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ kind: 'CONNECTION', mayHaveActed: true })
    expect(simulated.user(ada.id).accountEnabled).toBe(fault === 'resetBefore')
  }
})

test('mailboxes are read from Exchange in batches of ten', async () => {
  const { exchange } = clients()
  const ids = northwind.mailboxes.slice(0, 12).map(({ externalDirectoryObjectId }) => externalDirectoryObjectId)
  const carla = exchange
    .invoke('Get-Mailbox', { Identity: userOf(northwind, 'Carla').id })
    .catch((error: unknown) => error)
  const answers = await Promise.all(ids.map((Identity) => exchange.invoke('Get-Mailbox', { Identity })))
  expect(answers.map(({ value }) => value[0]?.ExternalDirectoryObjectId)).toEqual(ids)
  expect(await carla).toMatchObject({ service: 'exchange', kind: 'NOT_FOUND' })
})

test('a cmdlet that our role does not include is forbidden, whatever its answer looks like', async () => {
  const failure = await clients()
    .exchange.invoke('Get-NoSuchThing', {})
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ service: 'exchange', kind: 'FORBIDDEN' })
})

test('a tenant without consent, an unknown tenant and a wrong secret are told apart from a network fault', async () => {
  const wingtip = simulated.tenant('Wingtip Toys')
  wingtip.servicePrincipals = wingtip.servicePrincipals.filter(({ appId }) => appId !== clientId)
  await expect(clients(wingtip).graph.get('/users')).rejects.toMatchObject({ service: 'login', kind: 'NOT_CONSENTED' })
  const nowhere = microsoft.session().tenant('00000000-0000-4000-8000-000000000000')
  await expect(nowhere.graph.get('/users')).rejects.toMatchObject({ kind: 'NOT_CONSENTED' })
  const wrong = connect('wrong')
  await expect(wrong.session().tenant(northwind.id).graph.get('/users')).rejects.toMatchObject({
    kind: 'CREDENTIAL_INVALID',
  })
  await wrong.close()
})

test('a disabled application gets no token', async () => {
  for (const principal of northwind.servicePrincipals)
    if (principal.appId === clientId) principal.accountEnabled = false
  await expect(clients().graph.get('/users')).rejects.toMatchObject({ kind: 'APP_DISABLED' })
})

test("Entra's tokens for our API are read, of people and of applications, in every tenant", async () => {
  const verifier = createAccessTokenVerifier({ entraUrl: simulated.url, audience: clientId })
  const annika = userOf(northwind, 'Annika')
  const token = simulated.token({ tenantId: northwind.id, userId: annika.id })
  expect(await verifier.verify(token)).toMatchObject({
    tenantId: northwind.id,
    objectId: annika.id,
    kind: 'PERSON',
    name: 'Annika',
    roles: expect.arrayContaining(['Events.Read', 'Remediations.Privileged']),
  })
  const wingtip = simulated.tenant('Wingtip Toys')
  const sasha = simulated.token({ tenantId: wingtip.id, userId: userOf(wingtip, 'Sasha').id })
  expect(await verifier.verify(sasha)).toMatchObject({ tenantId: wingtip.id, roles: [] })
  expect(await verifier.verify(simulated.token({ tenantId: northwind.id }))).toMatchObject({ kind: 'APPLICATION' })
  const expired = simulated.token({ tenantId: northwind.id, userId: annika.id, expiresInSeconds: -600 })
  await expect(verifier.verify(expired)).rejects.toMatchObject({ code: 'EXPIRED' })
  const forGraph = simulated.token({
    tenantId: northwind.id,
    userId: annika.id,
    audience: 'https://graph.microsoft.com',
  })
  await expect(verifier.verify(forGraph)).rejects.toMatchObject({ code: expect.stringMatching(/MALFORMED|WRONG/) })
  await verifier.close()
})
