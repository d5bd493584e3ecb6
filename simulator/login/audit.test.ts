import { afterEach, beforeEach, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../../test/support/microsoft.ts'
import { graphCaller } from '../../test/support/microsoft-calls.ts'
import { userOf } from '../builders.ts'
import type { AuditRecord } from '../sample/record-forms.ts'
import { describeSample } from '../sample/world.ts'
import type { Tenant } from '../world.ts'

const { clientId } = describeSample()
let microsoft: TestMicrosoft
beforeEach(async () => {
  microsoft = await aMicrosoft()
  microsoft.world.switches = { feed: { unknownRecords: false, duplicates: false, shuffled: false } }
})
afterEach(() => microsoft.close())

const recordsOf = (tenant: Tenant): AuditRecord[] => (tenant.auditContent ?? []).flatMap(({ records }) => records)

function signInPage(tenant: Tenant): URL {
  const url = new URL(`${microsoft.url}/${tenant.id}/oauth2/v2.0/authorize`)
  url.search = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1:4000/sign-in/callback',
    scope: 'openid https://graph.microsoft.com/User.Read.All',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString()
  return url
}

test('a sign-in on the page is logged, with the application and the address', async () => {
  const tenant = microsoft.tenant('Northwind Traders')
  const { id } = userOf(tenant, 'Gloria')
  expect((await microsoft.signIn(signInPage(tenant), id)).searchParams.get('code')).not.toBeNull()
  expect(recordsOf(tenant)).toMatchObject([
    {
      Operation: 'UserLoggedIn',
      RecordType: 15,
      UserId: 'gloria@northwindtraders.com',
      UserKey: id,
      ApplicationId: clientId,
      ClientIP: '203.0.113.24',
    },
  ])
})

test('so is one that Entra refuses; one that the client asked for wrongly is not', async () => {
  const tenant = microsoft.tenant('Northwind Traders')
  const gustav = new URLSearchParams({ user: userOf(tenant, 'Gustav').id })
  await fetch(signInPage(tenant), { method: 'POST', body: gustav })
  microsoft.world.switches = { ...microsoft.world.switches, conditionalAccess: 'blockSignIn' }
  await microsoft.signIn(signInPage(tenant), userOf(tenant, 'Gloria').id)
  const wrong = signInPage(tenant)
  wrong.searchParams.delete('code_challenge')
  await microsoft.signIn(wrong, userOf(tenant, 'Gloria').id)
  expect(recordsOf(tenant)).toMatchObject([
    {
      Operation: 'UserLoginFailed',
      UserId: 'gustav@northwindtraders.com',
      ErrorNumber: '50057',
      LogonError: 'UserDisabled',
    },
    { Operation: 'UserLoginFailed', UserId: 'gloria@northwindtraders.com', ErrorNumber: '53003' },
  ])
})

test("a partner's technician is no user of the tenant, in sign-ins and in what follows them", async () => {
  const tenant = microsoft.tenant('Northwind Traders')
  const { id: userId } = userOf(microsoft.tenant('Litware Partner'), 'Petra')
  await microsoft.signIn(signInPage(tenant), userId)
  const token = microsoft.token({
    tenantId: tenant.id,
    userId,
    appId: clientId,
    audience: 'https://graph.microsoft.com',
  })
  const { id } = userOf(tenant, 'Ada')
  const patch = await graphCaller(microsoft, token).send('PATCH', `/users/${id}`, { accountEnabled: false })
  expect(patch.status).toBe(204)
  const UserId = `user_${userId.replaceAll('-', '')}@northwindtraders.onmicrosoft.com`
  expect(recordsOf(tenant)).toMatchObject([
    { Operation: 'UserLoggedIn', UserId },
    { Operation: 'Disable account.', UserId, UserType: 9, ObjectId: 'ada@northwindtraders.com' },
  ])
})

test("an administrator's consent is logged with what it grants and only that", async () => {
  const tenant = microsoft.tenant('Fabrikam')
  const page = new URL(`${microsoft.url}/${tenant.id}/v2.0/adminconsent`)
  page.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: 'http://127.0.0.1:4000/consent/callback',
    scope: 'https://graph.microsoft.com/.default',
  }).toString()
  await microsoft.signIn(page, userOf(tenant, 'Fiona').id)
  const records = recordsOf(tenant)
  for (const record of records) expect(record).toMatchObject({ UserId: 'fiona@fabrikam.com', RecordType: 8 })
  const assigned = records.filter(({ Operation }) => Operation === 'Add app role assignment to service principal.')
  const values = assigned
    .flatMap(({ ModifiedProperties }) => ModifiedProperties as { Name: string; NewValue: string }[])
    .filter(({ Name }) => Name === 'AppRole.Value')
  expect(values.map(({ NewValue }) => NewValue).toSorted()).toEqual([
    'User.EnableDisableAccount.All',
    'User.RevokeSessions.All',
  ])
  const operations = records.map(({ Operation }) => Operation)
  expect(operations).toContain('Add delegated permission grant.')
  expect(records).toContainEqual(
    expect.objectContaining({ Operation: 'Consent to application.', ObjectId: clientId, ResultStatus: 'Success' }),
  )
  // It was there before.
  expect(operations).not.toContain('Add service principal.')
})
