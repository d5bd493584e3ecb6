import { afterEach, describe, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../../test/support/microsoft.ts'
import { callMicrosoft, type WireAnswer } from '../../test/support/microsoft-calls.ts'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../builders.ts'
import type { Tenant } from '../world.ts'

let microsoft: TestMicrosoft
let tenant: Tenant
afterEach(() => microsoft.close())

const audience = 'https://manage.office.com'
const application = anApplication({ displayName: 'Caller', appRoles: [] })
const other = anApplication({ displayName: 'Other', appRoles: [] })

async function contoso(permissions = ['ActivityFeed.Read', 'ActivityFeed.ReadDlp']): Promise<void> {
  tenant = aTenant({ people: [person('Ada', { roles: ['Global Administrator'] })] })
  withApp(tenant, application, { permissions })
  withApp(tenant, other, { permissions })
  const fabrikam = aTenant({ name: 'Fabrikam' })
  withApp(fabrikam, application, { permissions })
  microsoft = await aMicrosoft(aWorld({ tenants: [tenant, fabrikam], applications: [application, other] }))
}

const token = (forAudience = audience, appId = application.appId): string =>
  microsoft.token({ tenantId: tenant.id, appId, audience: forAudience })

interface Options {
  authorization?: string | null
  tenantId?: string
  body?: unknown
}
function send(method: string, path: string, options: Options = {}): Promise<WireAnswer> {
  const { authorization = token(), tenantId = tenant.id, body } = options
  const headers = authorization === null ? {} : { Authorization: `Bearer ${authorization}` }
  return callMicrosoft(microsoft, `/api/v1.0/${tenantId}/activity/feed${path}`, { method, headers, body })
}
const list = (options?: Options) => send('GET', '/subscriptions/list', options)
const start = (contentType: string, options?: Options) =>
  send('POST', `/subscriptions/start?contentType=${contentType}`, options)
const stop = (contentType: string, options?: Options) =>
  send('POST', `/subscriptions/stop?contentType=${contentType}`, options)
const refused = (status: number, code: string) => ({ status, body: { error: { code, message: expect.any(String) } } })

describe('who may call', () => {
  test('without a token, with one for Graph, or with an expired one: 401', async () => {
    await contoso()
    const expired = microsoft.token({ tenantId: tenant.id, appId: application.appId, audience, expiresInSeconds: -60 })
    for (const authorization of [null, 'nonsense', token('https://graph.microsoft.com'), expired]) {
      expect((await list({ authorization })).status).toBe(401)
    }
  })

  test('without ActivityFeed.Read: AF10001, and no subscription is made', async () => {
    await contoso(['ServiceHealth.Read'])
    expect(await list()).toMatchObject(refused(403, 'AF10001'))
    expect(await start('Audit.Exchange')).toMatchObject(refused(403, 'AF10001'))
    expect(tenant.activitySubscriptions ?? []).toEqual([])
  })

  test("a person's token does not hold what the application was granted", async () => {
    await contoso()
    const { id: userId } = userOf(tenant, 'Ada')
    const authorization = microsoft.token({ tenantId: tenant.id, userId, appId: application.appId, audience })
    expect(await list({ authorization })).toMatchObject(refused(403, 'AF10001'))
  })

  test('data loss prevention needs a permission of its own', async () => {
    await contoso(['ActivityFeed.Read'])
    expect(await start('DLP.All')).toMatchObject(refused(403, 'AF10001'))
    expect(await start('Audit.General')).toMatchObject({ status: 200 })
  })

  test("another tenant is AF20010, one that does not exist AF20011, a domain's name no id", async () => {
    await contoso()
    const fabrikam = microsoft.tenant('Fabrikam')
    expect(await list({ tenantId: fabrikam.id })).toMatchObject(refused(400, 'AF20010'))
    expect(await list({ tenantId: '00000000-0000-4000-8000-000000000000' })).toMatchObject(refused(400, 'AF20011'))
    expect(await list({ tenantId: 'contoso.com' })).toMatchObject(refused(400, 'AF20002'))
    expect(await list({ tenantId: tenant.id.toUpperCase() })).toMatchObject({ status: 200 })
  })
})

describe('subscriptions', () => {
  test('are started, listed and stopped; each application sees its own', async () => {
    await contoso()
    expect(await list()).toMatchObject({ status: 200, body: [] })
    const enabled = { contentType: 'Audit.Exchange', status: 'enabled', webhook: null }
    expect(await start('Audit.Exchange')).toMatchObject({ status: 200, body: enabled })
    expect(await list()).toMatchObject({ status: 200, body: [enabled] })
    expect((await list({ authorization: token(audience, other.appId) })).body).toEqual([])
    expect(await stop('audit.exchange')).toMatchObject({ status: 200 })
    expect((await list()).body).toEqual([{ ...enabled, status: 'disabled' }])
    expect(await start('Audit.Exchange')).toMatchObject({ status: 200, body: enabled })
    expect((await list()).body).toEqual([enabled])
  })

  test('a second start is AF20024, stopping what is not started AF20022', async () => {
    await contoso()
    await start('Audit.General')
    expect(await start('Audit.General')).toMatchObject(refused(400, 'AF20024'))
    expect((await list()).body).toHaveLength(1)
    expect(await stop('Audit.SharePoint')).toMatchObject(refused(400, 'AF20022'))
  })

  test('the type of content must be there and known', async () => {
    await contoso()
    expect(await send('POST', '/subscriptions/start')).toMatchObject(refused(400, 'AF20001'))
    expect(await start('Audit.Everything')).toMatchObject(refused(400, 'AF20020'))
    expect(await stop('Audit.Everything')).toMatchObject(refused(400, 'AF20020'))
  })

  test('what an administrator switched off is shown as disabled, and stays off', async () => {
    await contoso()
    await start('Audit.Exchange')
    for (const one of tenant.activitySubscriptions ?? [])
      Object.assign(one, { status: 'disabled', disabledByAdmin: true })
    expect(await start('Audit.Exchange')).toMatchObject(refused(400, 'AF20023'))
    expect(await stop('Audit.Exchange')).toMatchObject(refused(400, 'AF20023'))
    expect((await list()).body).toMatchObject([{ contentType: 'Audit.Exchange', status: 'disabled' }])
  })

  test('a webhook that nobody answers at is refused, and a body that is no JSON', async () => {
    await contoso()
    const webhook = { address: 'https://hooks.example.com/m365', authId: 'x', expiration: '' }
    expect(await start('Audit.Exchange', { body: { webhook } })).toMatchObject(refused(400, 'AF20021'))
    expect(await start('Audit.Exchange', { body: { webhook: {} } })).toMatchObject(refused(400, 'AF20001'))
    expect(await start('Audit.Exchange', { body: '{' })).toMatchObject(refused(400, 'AF20002'))
    expect(await start('Audit.Exchange', { body: { webhook: null } })).toMatchObject({ status: 200 })
  })

  test('any publisher is accepted, if it is a GUID', async () => {
    await contoso()
    const publisher = (id: string) => send('GET', `/subscriptions/list?PublisherIdentifier=${id}`)
    expect(await publisher(microsoft.tenant('Fabrikam').id)).toMatchObject({ status: 200 })
    expect(await publisher('fabrikam')).toMatchObject(refused(400, 'AF20002'))
  })
})

test('a tenant without auditing has no feed, whatever its code for that', async () => {
  await contoso()
  tenant.auditingDisabled = true
  expect(await list()).toMatchObject(refused(400, 'AuditingDisabledTenant'))
  expect(await start('Audit.Exchange')).toMatchObject(refused(400, 'AuditingDisabledTenant'))
  microsoft.world.switches = { auditingOffAnswers: 'AF20013' }
  expect(await list()).toMatchObject(refused(400, 'AF20013'))
})

test('unknown paths are 404, the wrong method 405', async () => {
  await contoso()
  expect((await send('GET', '/subscriptions/nothing')).status).toBe(404)
  const elsewhere = await callMicrosoft(microsoft, `/api/v1.0/${tenant.id}/other`, {
    headers: { Authorization: `Bearer ${token()}` },
  })
  expect(elsewhere.status).toBe(404)
  expect((await send('GET', '/subscriptions/start?contentType=Audit.Exchange')).status).toBe(405)
})

test('calls are in the journal, change no tenant, and take faults', async () => {
  await contoso()
  microsoft.fault({ fault: 'throttle', service: 'management', path: 'start', args: { retryAfter: 3 } })
  expect(await start('Audit.Exchange')).toMatchObject({
    ...refused(429, 'AF429'),
    headers: { 'retry-after': '3' },
  })
  await start('Audit.Exchange')
  const journal = microsoft.journal().filter(({ service }) => service === 'management')
  const call = {
    method: 'POST',
    path: `/${tenant.id}/activity/feed/subscriptions/start?contentType=Audit.Exchange`,
    tenantId: tenant.id,
    appId: application.appId,
    userId: null,
    batchId: null,
    mutates: false,
  }
  expect(journal).toMatchObject([
    { ...call, status: 429 },
    { ...call, status: 200 },
  ])
})
