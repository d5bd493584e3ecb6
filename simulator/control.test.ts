import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../test/support/microsoft.ts'
import { anApplication, aTenant, aWorld, mailboxOfUser, person, userOf, withApp } from './builders.ts'
import { ensureCertificates } from './certificates.ts'
import type { Call, Reply } from './engine-types.ts'
import { anInboxRule } from './inbox-rules.ts'
import { graphAppId } from './microsoft-resources.ts'
import { createSimulator } from './server.ts'
import type { Tenant, World } from './world.ts'

const app = anApplication({ displayName: 'Gateway', permissions: ['User.Read.All'] })

const aRule = anInboxRule({ displayName: '.', actions: { delete: true } })

function aSmallWorld(): World {
  const contoso = aTenant({
    people: [
      person('Ada', { mailbox: { forwardingSmtpAddress: 'smtp:ada@example.com', inboxRules: [aRule] } }),
      person('Bo', { mailbox: false }),
      person('Sven', { synchronised: true }),
    ],
  })
  withApp(contoso, app)
  return aWorld({ tenants: [contoso], applications: [app] })
}

const running: TestMicrosoft[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
})

async function aRunning(options: { now?: () => Date } = {}): Promise<TestMicrosoft & { contoso: Tenant }> {
  const microsoft = await aMicrosoft(aSmallWorld(), options)
  running.push(microsoft)
  return Object.assign(microsoft, { contoso: microsoft.tenant('Contoso') })
}

const askToken = (microsoft: TestMicrosoft): Promise<Response> =>
  fetch(`${microsoft.url}/contoso.com/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: app.appId,
      client_secret: app.secrets[0] ?? '',
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
    }),
  })

const postFault = (microsoft: TestMicrosoft, fault: unknown): Promise<Response> =>
  fetch(`${microsoft.url}/control/faults`, { method: 'POST', body: JSON.stringify(fault) })

/** A call of Graph, without Graph: what the engine does around a handler. */
function aCall(microsoft: TestMicrosoft & { contoso: Tenant }, method: string, path: string): Call {
  const token = microsoft.token({ tenantId: microsoft.contoso.id, appId: app.appId, audience: graphAppId })
  const caller = microsoft.simulator.engine.authenticate(`Bearer ${token}`, ['https://graph.microsoft.com'])
  if (!caller) throw new Error('The token is not accepted.')
  return { method, url: new URL(path, 'https://graph'), headers: {}, body: null, caller, batchId: null }
}

const readAda = (call: Call): Reply => ({
  status: 200,
  body: { accountEnabled: userOf(call.caller.tenant, 'Ada').accountEnabled },
  mutates: false,
})

const disable =
  (microsoft: TestMicrosoft, name: string) =>
  ({ caller: { tenant } }: Call): Reply => {
    userOf(tenant, name).accountEnabled = false
    microsoft.simulator.engine.changed(tenant.id)
    return { status: 204, body: null, mutates: true }
  }

test('the journal is a bare array of every call after a number, in order', async () => {
  const microsoft = await aRunning()
  await askToken(microsoft)
  await microsoft.simulator.engine.perform(
    'graph',
    aCall(microsoft, 'PATCH', '/users/x?a=b'),
    disable(microsoft, 'Ada'),
  )
  const all = await (await fetch(`${microsoft.url}/control/journal`)).json()
  expect(all).toEqual([
    {
      seq: 1,
      at: expect.any(String),
      service: 'login',
      method: 'POST',
      path: '/contoso.com/oauth2/v2.0/token',
      batchId: null,
      status: 200,
      tenantId: microsoft.contoso.id,
      appId: app.appId,
      userId: null,
      mutates: false,
    },
    expect.objectContaining({
      seq: 2,
      service: 'graph',
      method: 'PATCH',
      path: '/users/x?a=b',
      status: 204,
      mutates: true,
    }),
  ])
  const since = await (await fetch(`${microsoft.url}/control/journal?since=1`)).json()
  expect(since).toMatchObject([{ seq: 2 }])
  expect((await fetch(`${microsoft.url}/control/journal?since=x`)).status).toBe(400)
})

test('the state shows users with forwarding and inbox rules, and no secret', async () => {
  const microsoft = await aRunning()
  const text = await (await fetch(`${microsoft.url}/control/state`)).text()
  expect(text).not.toContain(app.secrets[0])
  expect(text).not.toContain(userOf(microsoft.contoso, 'Ada').password)
  const state = JSON.parse(text)
  expect(state.mails).toEqual([])
  expect(state.tenants[0]).toMatchObject({
    id: microsoft.contoso.id,
    users: [
      {
        id: userOf(microsoft.contoso, 'Ada').id,
        userPrincipalName: 'ada@contoso.com',
        accountEnabled: true,
        signInSessionsValidFromDateTime: expect.any(String),
        forwarding: { forwardingSmtpAddress: 'smtp:ada@example.com' },
        inboxRules: [{ ...aRule, isHidden: false, ruleIdentity: expect.stringMatching(/^\d{19,20}$/) }],
      },
      { forwarding: null, inboxRules: [] },
      { forwarding: null, inboxRules: [] },
    ],
    applications: [],
    deletedItems: [],
    teamsInstallations: [],
    transportRules: [],
    mailboxPermissions: [],
    recipientPermissions: [],
    mailboxFolderPermissions: [],
    grantedPermissions: [{ type: 'Application', clientAppId: app.appId, permission: 'User.Read.All' }],
  })
})

test('throttle, status and delay strike the next matching calls, as often as asked', async () => {
  const microsoft = await aRunning()
  expect(
    (await postFault(microsoft, { fault: 'throttle', service: 'login', times: 2, args: { retryAfter: 3 } })).status,
  ).toBe(201)
  microsoft.fault({ fault: 'status', service: 'graph', args: { status: 503, code: 'serviceNotAvailable' } })
  for (let i = 0; i < 2; i += 1) {
    const refused = await askToken(microsoft)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('3')
  }
  expect((await askToken(microsoft)).status).toBe(200)
  const reply = await microsoft.simulator.engine.perform('graph', aCall(microsoft, 'GET', '/users'), readAda)
  expect(reply).toMatchObject({ status: 503, body: { error: { code: 'serviceNotAvailable' } } })

  microsoft.fault({ fault: 'delay', path: 'token$', args: { ms: 150 } })
  const started = performance.now()
  await askToken(microsoft)
  expect(performance.now() - started).toBeGreaterThan(140)
  expect(microsoft.journal().map(({ status }) => status)).toEqual([429, 429, 200, 503, 200])
})

test('a fault for another method, path, service or tenant waits', async () => {
  const microsoft = await aRunning()
  microsoft.fault({ fault: 'throttle', method: 'GET', service: 'login' })
  microsoft.fault({ fault: 'throttle', path: '/users' })
  microsoft.fault({ fault: 'throttle', tenantId: '11111111-1111-4111-8111-111111111111' })
  expect((await askToken(microsoft)).status).toBe(200)
})

test('resetBefore and resetAfter cut the connection before and after the effect', async () => {
  const microsoft = await aRunning()
  microsoft.fault({ fault: 'resetBefore', service: 'login' })
  await expect(askToken(microsoft)).rejects.toThrow('fetch failed')
  expect((await askToken(microsoft)).status).toBe(200)
  microsoft.fault({ fault: 'resetAfter', service: 'login' })
  await expect(askToken(microsoft)).rejects.toThrow('fetch failed')
  expect(microsoft.journal().map(({ status }) => status)).toEqual([0, 200, 200])

  const { engine } = microsoft.simulator
  microsoft.fault({ fault: 'resetAfter', service: 'graph' })
  const patch = engine.perform('graph', aCall(microsoft, 'PATCH', '/users/ada'), disable(microsoft, 'Ada'))
  await expect(patch).rejects.toBeInstanceOf(engine.CutConnection)
  expect(userOf(microsoft.contoso, 'Ada').accountEnabled).toBe(false)
})

test('delay and status after the effect: only the answer is late, or an error', async () => {
  const microsoft = await aRunning()
  const { engine } = microsoft.simulator
  const isEnabled = () => userOf(microsoft.contoso, 'Ada').accountEnabled
  microsoft.fault({ fault: 'status', mutates: true, args: { status: 500, afterEffect: true } })
  const reply = await engine.perform('graph', aCall(microsoft, 'PATCH', '/users/ada'), disable(microsoft, 'Ada'))
  expect([reply.status, isEnabled()]).toEqual([500, false])
  userOf(microsoft.contoso, 'Ada').accountEnabled = true
  const { struck } = microsoft.fault({ fault: 'delay', mutates: true, args: { ms: 50, afterEffect: true } })
  const answered = engine.perform('graph', aCall(microsoft, 'PATCH', '/users/ada'), disable(microsoft, 'Ada'))
  await struck
  expect(isEnabled()).toBe(false)
  expect((await answered).status).toBe(204)
  expect(microsoft.journal().map(({ status, mutates }) => [status, mutates])).toEqual([
    [500, true],
    [204, true],
  ])
})

test('an ignored write answers as if it were done; a fault for writes leaves reads alone, and can be taken away', async () => {
  const microsoft = await aRunning()
  const { engine } = microsoft.simulator
  microsoft.fault({ fault: 'ignored' })
  const disabling = ({ caller }: Call): Reply => {
    userOf(caller.tenant, 'Ada').accountEnabled = false
    return { status: 204, body: null, mutates: true }
  }
  const patch = () => engine.perform('graph', aCall(microsoft, 'PATCH', '/users/ada'), disabling)
  expect((await patch()).status).toBe(204)
  expect(userOf(microsoft.contoso, 'Ada').accountEnabled).toBe(true)

  const { end } = microsoft.fault({ fault: 'status', mutates: true, times: 9, args: { status: 403 } })
  expect((await engine.perform('graph', aCall(microsoft, 'GET', '/users/ada'), readAda)).status).toBe(200)
  expect((await patch()).status).toBe(403)
  end()
  expect((await patch()).status).toBe(204)
  expect(userOf(microsoft.contoso, 'Ada').accountEnabled).toBe(false)
})

test('stale reads show the state before a write', async () => {
  const microsoft = await aRunning()
  const { engine } = microsoft.simulator
  microsoft.fault({ fault: 'stale', args: { ms: 60_000 }, times: 1 })
  await engine.perform('graph', aCall(microsoft, 'PATCH', '/users/ada'), disable(microsoft, 'Ada'))
  const read = (): Promise<Reply> => engine.perform('graph', aCall(microsoft, 'GET', '/users/ada'), readAda)
  expect((await read()).body).toEqual({ accountEnabled: true })
  expect((await read()).body).toEqual({ accountEnabled: false })
})

test('syncReverts turns a synchronised account on again, and leaves others off', async () => {
  const microsoft = await aRunning()
  const { engine } = microsoft.simulator
  microsoft.fault({ fault: 'syncReverts', args: { ms: 30 } })
  await engine.perform('graph', aCall(microsoft, 'PATCH', '/users/ada'), disable(microsoft, 'Ada'))
  await engine.perform('graph', aCall(microsoft, 'PATCH', '/users/sven'), disable(microsoft, 'Sven'))
  expect(userOf(microsoft.contoso, 'Sven').accountEnabled).toBe(false)
  await expect.poll(() => userOf(microsoft.contoso, 'Sven').accountEnabled).toBe(true)
  expect(userOf(microsoft.contoso, 'Ada').accountEnabled).toBe(false)
})

test.each([
  [{ fault: 'explode' }, 'fault'],
  [{ fault: 'delay' }, 'args'],
  [{ fault: 'delay', args: { ms: 'soon' } }, 'args.ms'],
  [{ fault: 'throttle', times: 0 }, 'times'],
  [{ fault: 'throttle', path: '(' }, 'path'],
  [{ fault: 'throttle', service: 'mail' }, 'service'],
  [{ fault: 'throttle', tenant: 'x' }, 'tenant'],
  [null, 'fault'],
])('the fault %j is refused and the field is named', async (fault, field) => {
  const microsoft = await aRunning()
  const answer = await postFault(microsoft, fault)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ error: { field } })
})

test('a reset brings the first world back and empties journal and faults', async () => {
  const microsoft = await aRunning()
  await askToken(microsoft)
  mailboxOfUser(microsoft.contoso, 'Ada').forwardingSmtpAddress = null
  microsoft.fault({ fault: 'throttle' })
  expect((await fetch(`${microsoft.url}/control/reset`, { method: 'POST' })).status).toBe(204)
  expect(microsoft.journal()).toEqual([])
  expect(mailboxOfUser(microsoft.tenant('Contoso'), 'Ada').forwardingSmtpAddress).toBe('smtp:ada@example.com')
  expect((await askToken(microsoft)).status).toBe(200)
})

test('a stored world and its keys survive a restart; an unreadable file is set aside with a sentence', () => {
  const dir = mkdtempSync(join(tmpdir(), 'simulator-test-'))
  const sentences: string[] = []
  const start = (): ReturnType<typeof createSimulator> =>
    createSimulator({ world: aSmallWorld(), dir, warn: (sentence) => sentences.push(sentence) })
  const first = start()
  const ada = (simulator: typeof first): { accountEnabled: boolean } =>
    userOf(simulator.world.tenants[0] as Tenant, 'Ada')
  ada(first).accountEnabled = false
  first.engine.changed(first.world.tenants[0]?.id ?? '')
  first.save()
  const second = start()
  expect(ada(second).accountEnabled).toBe(false)
  expect(second.engine.keys.kid).toBe(first.engine.keys.kid)
  expect(second.engine.startedAt).toEqual(first.engine.startedAt)
  second.reset()
  // Else it is stored later, into a folder that is gone.
  second.save()
  expect(ada(second).accountEnabled).toBe(true)
  // What it stores later would come after its folder is gone.
  second.save()

  writeFileSync(join(dir, 'world.json'), '{"world":')
  expect(ada(start()).accountEnabled).toBe(true)
  expect(sentences).toEqual([expect.stringContaining('cannot be read; it is set aside as')])
  expect(readdirSync(dir).some((name) => name.startsWith('world.json.unreadable-'))).toBe(true)
  rmSync(dir, { recursive: true })
})

test('records are raised as they are given, now or at a moment, and land by their type of content', async () => {
  const microsoft = await aRunning()
  const post = (body: unknown): Promise<Response> =>
    fetch(`${microsoft.url}/control/records`, { method: 'POST', body: JSON.stringify(body) })
  microsoft.world.switches = { feed: { delayMs: 0, duplicates: false, unknownRecords: false } }
  const records = [{ Workload: 'Exchange', Operation: 'New-InboxRule' }, { Operation: 'Unheard of' }]
  const answer = await post({ tenantId: microsoft.contoso.id, records, at: '2026-06-14T12:00:00.000Z' })
  expect(answer.status).toBe(201)
  const contentCreated = '2026-06-14T12:00:00.000Z'
  expect(await answer.json()).toMatchObject([
    { contentType: 'Audit.Exchange', contentCreated, records: 1 },
    { contentType: 'Audit.General', contentCreated, records: 1 },
  ])
  expect(microsoft.contoso.auditContent?.flatMap((content) => content.records)).toEqual(records)

  const field = async (body: unknown): Promise<unknown> => (await (await post(body)).json()).error.field
  expect(await field({ tenantId: '00000000-0000-4000-8000-000000000000', records })).toBe('tenantId')
  expect(await field({ tenantId: microsoft.contoso.id, records: ['x'] })).toBe('records.0')
  expect(await field({ tenantId: microsoft.contoso.id, records, at: 'now' })).toBe('at')
  expect(microsoft.contoso.auditContent).toHaveLength(2)
})

test('certificates are reused until they are near their end, and the key is private', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'certificates-test-'))
  const files = await ensureCertificates(dir)
  const made = statSync(files.certFile).mtimeMs
  expect(statSync(files.keyFile).mode & 0o777).toBe(0o600)
  expect(statSync((await ensureCertificates(dir)).certFile).mtimeMs).toBe(made)
  const later = new Date(Date.now() + 340 * 86_400_000)
  expect(statSync((await ensureCertificates(dir, later)).certFile).mtimeMs).not.toBe(made)
  rmSync(dir, { recursive: true })
})
