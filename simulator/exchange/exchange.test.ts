import { afterEach, describe, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../../test/support/microsoft.ts'
import { callMicrosoft, type WireAnswer } from '../../test/support/microsoft-calls.ts'
import { anApplication, aTenant, aWorld, mailboxOfUser, person, userOf, withApp } from '../builders.ts'
import type { DirectoryRoleName } from '../directory-roles.ts'
import type { Tenant } from '../world.ts'

let microsoft: TestMicrosoft
let tenant: Tenant
afterEach(() => microsoft.close())

const audience = 'https://outlook.office365.com'
const application = anApplication({ displayName: 'Caller', appRoles: [] })
const { appId } = application

async function contoso(
  roles: DirectoryRoleName[] = ['Exchange Administrator'],
  permissions = ['Exchange.ManageAsApp'],
): Promise<void> {
  tenant = aTenant({
    people: [
      person('Ada', { mailbox: { forwardingSmtpAddress: 'smtp:ada.home@example.com' } }),
      person('Bruno'),
      person('Carla', { mailbox: false }),
      person('Hana', { roles: ['Exchange Administrator'] }),
      person('Accounts', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
    ],
  })
  withApp(tenant, application, { roles, permissions, delegated: ['Exchange.Manage'] })
  microsoft = await aMicrosoft(aWorld({ tenants: [tenant], applications: [application] }))
}

const token = (userId?: string, forAudience = audience): string =>
  microsoft.token({ tenantId: tenant.id, appId, audience: forAudience, userId })
const command = (CmdletName: string, Parameters: object = {}) => ({ CmdletInput: { CmdletName, Parameters } })

interface Options {
  headers?: Record<string, string>
  query?: string
  path?: string
  authorization?: string
}
const send = (body: unknown, options: Options = {}): Promise<WireAnswer> => {
  const { headers, query = '', path = `/adminapi/beta/${tenant.id}/InvokeCommand`, authorization = token() } = options
  return callMicrosoft(microsoft, path + query, {
    method: 'POST',
    headers: { Authorization: `Bearer ${authorization}`, ...headers },
    body,
  })
}
const getMailbox = (Identity: unknown, options?: Options) => send(command('Get-Mailbox', { Identity }), options)
const values = ({ body }: WireAnswer) => (body as { value: Record<string, unknown>[] }).value
const ada = () => mailboxOfUser(tenant, 'Ada')
const nulBytes = { status: 403, headers: { 'content-encoding': 'gzip' }, body: null }

describe('who may run what', () => {
  test('without a token, with one for Graph, or without the app role: 401', async () => {
    await contoso(['Exchange Administrator'], [])
    expect(await getMailbox('ada')).toMatchObject({ status: 401 })
    expect(await getMailbox('ada', { authorization: 'nonsense' })).toMatchObject({ status: 401 })
    const forGraph = token(undefined, 'https://graph.microsoft.com')
    expect(await getMailbox('ada', { authorization: forGraph })).toMatchObject({ status: 401 })
  })

  test.each<[DirectoryRoleName[], number]>([
    [['Exchange Administrator'], 200],
    [['Global Reader'], 200],
    [['Security Reader'], 200],
    [[], 403],
    [['User Administrator'], 403],
  ])('an application with the roles %j: %i', async (roles, status) => {
    await contoso(roles)
    const answer = await getMailbox('ada')
    expect(answer.status).toBe(status)
    if (status === 403) {
      expect(answer.body).toMatchObject({
        error: { message: expect.stringContaining(`application ${appId} isn't supported in this scenario`) },
      })
    }
  })

  test('a person needs a role, too', async () => {
    await contoso()
    expect(await getMailbox('ada', { authorization: token(userOf(tenant, 'Hana').id) })).toMatchObject({ status: 200 })
    expect(await getMailbox('ada', { authorization: token(userOf(tenant, 'Bruno').id) })).toMatchObject(nulBytes)
  })

  test('an unknown cmdlet is NUL bytes, falsely declared as gzip', async () => {
    await contoso()
    const answer = await send(command('Get-Nothing'))
    expect(answer).toMatchObject(nulBytes)
    expect(answer.bytes.every((byte) => byte === 0)).toBe(true)
  })

  test('another tenant is refused, v1.0 and GET are 405', async () => {
    await contoso()
    const other = '/adminapi/beta/00000000-0000-4000-8000-000000000000/InvokeCommand'
    expect(await getMailbox('ada', { path: other })).toMatchObject({ status: 403 })
    expect(await getMailbox('ada', { path: `/adminapi/v1.0/${tenant.id}/InvokeCommand` })).toMatchObject({
      status: 405,
    })
    const byDomain = `/adminapi/beta/${tenant.domains[0]?.id}/InvokeCommand`
    expect(await getMailbox('ada', { path: byDomain })).toMatchObject({ status: 200 })
    const headers = { Authorization: `Bearer ${token()}` }
    const get = await callMicrosoft(microsoft, `/adminapi/beta/${tenant.id}/InvokeCommand`, { headers })
    expect(get.status).toBe(405)
  })
})

describe('Get-Mailbox', () => {
  test('finds a mailbox by every unique name', async () => {
    await contoso()
    const { externalDirectoryObjectId, exchangeGuid, alias, primarySmtpAddress, emailAddresses } = ada()
    const other = emailAddresses[1]?.replace('smtp:', '')
    for (const identity of [externalDirectoryObjectId, exchangeGuid, alias, primarySmtpAddress.toUpperCase(), other]) {
      const answer = await getMailbox(identity)
      expect(values(answer)).toMatchObject([
        {
          ExternalDirectoryObjectId: externalDirectoryObjectId,
          ForwardingSmtpAddress: 'smtp:ada.home@example.com',
          ForwardingAddress: null,
          'ExchangeGuid@odata.type': '#Guid',
          'EmailAddresses@odata.type': '#Collection(String)',
        },
      ])
    }
  })

  test('no mailbox is 404 with the piped text', async () => {
    await contoso()
    for (const identity of [userOf(tenant, 'Carla').id, 'nobody@contoso.com']) {
      expect(await getMailbox(identity)).toMatchObject({
        status: 404,
        body: {
          error: {
            code: 'NotFound',
            details: [
              { message: expect.stringMatching(/^Ex[0-9A-F]{6}\|[\w.]+\.ManagementObjectNotFoundException\|The op/) },
            ],
          },
        },
      })
    }
  })

  test('an alias of two mailboxes is ambiguous', async () => {
    await contoso()
    mailboxOfUser(tenant, 'Bruno').alias = 'ada'
    expect(await getMailbox('ada')).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } })
  })

  test.each([[null], [''], [undefined]])('with the identity %j everything comes', async (identity) => {
    await contoso()
    expect(values(await getMailbox(identity))).toHaveLength(tenant.mailboxes.length)
  })

  test('everything comes in pages, asked for with the same body', async () => {
    await contoso()
    const names: unknown[] = []
    let path: string | null = `/adminapi/beta/${tenant.id}/InvokeCommand?$select=Alias`
    while (path) {
      const answer: WireAnswer = await getMailbox(null, { path, headers: { Prefer: 'odata.maxpagesize = 3' } })
      names.push(...values(answer))
      const link = (answer.body as Record<string, unknown>)['@odata.nextLink']
      path = typeof link === 'string' ? link.replace(microsoft.url, '') : null
    }
    expect(names).toEqual(tenant.mailboxes.map(({ alias }) => ({ Alias: alias })))
  })

  test('kinds are filtered, properties selected, unknown parameters refused', async () => {
    await contoso()
    const shared = await send(command('get-mailbox', { recipienttypedetails: 'SharedMailbox', ResultSize: 1 }), {
      query: '?$select=Alias,ExchangeGuid',
    })
    expect(values(shared)).toEqual([
      {
        Alias: 'accounts',
        'ExchangeGuid@odata.type': '#Guid',
        'ExchangeGuid@data.type': 'System.Guid',
        ExchangeGuid: mailboxOfUser(tenant, 'Accounts').exchangeGuid,
      },
    ])
    const unknown = await send(command('Get-Mailbox', { Identity: 'ada', Colour: 'red' }))
    expect(unknown).toMatchObject({ status: 400, body: { error: { details: [{ code: 'Client' }] } } })
    expect(await getMailbox(['ada'])).toMatchObject({ status: 400 })
    expect(await send({})).toMatchObject({ status: 400 })
  })
})

test('Get-OrganizationConfig answers, with the headers of the service', async () => {
  await contoso(['Global Reader'])
  const answer = await send(command('Get-OrganizationConfig'))
  expect(answer).toMatchObject({
    status: 200,
    headers: { 'request-id': expect.any(String), 'rate-limit-limit': '30000' },
    body: { value: [{ DisplayName: 'Contoso', AuditDisabled: false }], '@adminapi.warnings': [] },
  })
})

describe('a batch', () => {
  const item = (id: string, body: unknown) => ({
    id,
    method: 'POST',
    url: `${microsoft.url}/adminapi/beta/${tenant.id}/InvokeCommand?$select=Alias`,
    headers: { 'Content-Type': 'application/json' },
    body,
  })
  const batch = (requests: unknown) => send({ requests }, { path: `/adminapi/beta/${tenant.id}/$batch` })

  test('answers each item on its own, in any order', async () => {
    await contoso()
    const answer = await batch([
      item('1', command('Get-Mailbox', { Identity: ada().exchangeGuid })),
      item('2', command('Get-Mailbox', { Identity: userOf(tenant, 'Carla').id })),
      item('3', command('Get-Nothing')),
    ])
    const { responses } = answer.body as { responses: { id: string; status: number; body: unknown }[] }
    const sorted = responses.toSorted((a, b) => Number(a.id) - Number(b.id))
    expect(sorted).toMatchObject([
      { status: 200, body: { value: [{ Alias: 'ada' }] } },
      { status: 404, body: { error: { code: 'NotFound' } } },
      { status: 403, body: expect.any(String) },
    ])
    const entries = microsoft.journal().filter(({ service }) => service === 'exchange')
    expect(entries.map(({ status, mutates }) => ({ status, mutates }))).toEqual(
      [200, 404, 403, 200].map((status) => ({ status, mutates: false })),
    )
  })

  test('the journal tells the items of a batch apart, and what was answered before each request came', async () => {
    await contoso()
    await batch([
      item('1', command('Get-Mailbox', { Identity: 'ada' })),
      item('2', command('Get-InboxRule', { Mailbox: 'ada' })),
    ])
    await batch([item('1', command('Get-OrganizationConfig'))])
    const entries = microsoft.journal().filter(({ service }) => service === 'exchange')
    expect(entries.map(({ cmdlet }) => cmdlet)).toEqual([
      { CmdletName: 'Get-Mailbox', Parameters: { Identity: 'ada' } },
      { CmdletName: 'Get-InboxRule', Parameters: { Mailbox: 'ada' } },
      undefined,
      { CmdletName: 'Get-OrganizationConfig', Parameters: {} },
      undefined,
    ])
    const first = entries[2]?.seq
    expect(entries.slice(3).map(({ sentAfter }) => sentAfter)).toEqual([first, first])
    expect(entries[0]?.sentAfter).toBeLessThan(entries[0]?.seq ?? 0)
  })

  test('items are throttled one by one', async () => {
    await contoso()
    microsoft.fault({ fault: 'throttle', service: 'exchange', args: { retryAfter: 1.5 } })
    const answer = await batch(['1', '2'].map((id) => item(id, command('Get-Mailbox', { Identity: 'ada' }))))
    const { responses } = answer.body as { responses: { status: number; headers: object }[] }
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 429])
    expect(responses.find(({ status }) => status === 429)?.headers).toMatchObject({ 'Retry-After': '1.5' })
  })

  test('malformed or of more than ten items is 400', async () => {
    await contoso()
    const one = item('1', command('Get-OrganizationConfig'))
    for (const requests of [
      Array.from({ length: 11 }, (_, index) => ({ ...one, id: String(index) })),
      [],
      [one, one],
      1,
    ]) {
      expect(await batch(requests)).toMatchObject({ status: 400 })
    }
    expect(await batch([{ ...one, url: '/users' }])).toMatchObject({ status: 400 })
    expect(await batch([{ ...one, url: '/InvokeCommand' }])).toMatchObject({ status: 200 })
  })
})
