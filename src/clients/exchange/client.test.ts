import { afterEach, expect, test } from 'vitest'
import {
  type Answering,
  batchItemsOf,
  batchReply,
  type Received,
  type Reply,
} from '../../../test/support/answering-server.ts'
import { anUpstream, contoso, failureOf, type Upstream } from '../../../test/support/upstream.ts'
import type { UpstreamError } from '../errors.ts'

const adele = '33333333-aaaa-4bbb-8ccc-000000000001'

const open: Upstream[] = []
afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close()
})

async function anExchange(answer: Answering): Promise<Upstream> {
  const onExchange: Answering = (request) => (request.path.startsWith('/adminapi') ? answer(request) : undefined)
  const upstream = await anUpstream(onExchange, { session: { deadlineAt: Date.now() + 5_000 } })
  open.push(upstream)
  return upstream
}

const inputOf = (body: unknown) =>
  (body as { CmdletInput: { CmdletName: string; Parameters: Record<string, unknown> } }).CmdletInput
const collection = (...value: unknown[]): Reply => ({
  body: { '@adminapi.warnings': [], value },
  headers: { 'request-id': 'r1' },
})
const cmdletsOf = (request: Received): string[] =>
  (batchItemsOf(request) ?? [{ body: request.body }]).map(({ body }) => inputOf(body).CmdletName)

test('a cmdlet goes to the tenant, anchored, with a token for Exchange', async () => {
  const { exchange, server } = await anExchange(() => collection({ Name: 'Adele' }))
  const { value, requestId } = await exchange.invoke('Get-Mailbox', { Identity: adele }, { select: ['Name', 'Guid'] })
  expect(value).toEqual([{ Name: 'Adele' }])
  expect(requestId).toBe('r1')
  const [request] = server.received
  expect(request?.path).toBe(`/adminapi/beta/${contoso}/InvokeCommand?$select=Name,Guid`)
  expect(inputOf(request?.body)).toEqual({ CmdletName: 'Get-Mailbox', Parameters: { Identity: adele } })
  expect(request?.headers).toMatchObject({
    authorization: 'Bearer token-1',
    'x-anchormailbox': `APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@${contoso}`,
  })
  expect(String(server.tokenRequests[0]?.body)).toContain(encodeURIComponent('https://outlook.office365.com/.default'))
  await exchange.invoke('Get-InboxRule', { Mailbox: adele }, { anchor: 'adele@contoso.com' })
  expect(server.received[1]?.headers['x-anchormailbox']).toBe('UPN:adele@contoso.com')
})

test('reading cmdlets of a tick leave in batches of at most ten, changes alone', async () => {
  const { exchange, server } = await anExchange((request) => {
    const items = batchItemsOf(request)
    if (!items) return collection()
    return batchReply(items, (item) => {
      expect(item).toMatchObject({
        method: 'POST',
        url: expect.stringContaining(`https://${request.headers.host}/adminapi/beta/`),
      })
      return collection({ Id: inputOf(item.body).Parameters.Identity })
    })
  })
  const ids = Array.from({ length: 12 }, (_, index) => `person${index}@contoso.com`)
  const change = exchange.invoke('Set-Mailbox', { Identity: adele, ForwardingSmtpAddress: null })
  const answers = await Promise.all(ids.map((Identity) => exchange.invoke('Get-Mailbox', { Identity })))
  await change
  expect(answers.map(({ value }) => value)).toEqual(ids.map((Id) => [{ Id }]))
  const sizes = server.received.map(cmdletsOf).map((names) => `${names[0]} ${names.length}`)
  expect(sizes.sort()).toEqual(['Get-Mailbox 6', 'Get-Mailbox 6', 'Set-Mailbox 1'])
})

test('annotations are left out and 64-bit integers stay whole', async () => {
  const { exchange } = await anExchange(() => ({
    headers: { 'content-type': 'application/json' },
    body: `{"@adminapi.warnings":["one rule is broken"],"value":[{"@odata.type":"#Exchange.GenericHashTable",
      "RuleIdentity@data.type":"System.UInt64","RuleIdentity":16752869479666417665,"Priority":1,
      "ItemCount@odata.type":"#Int64","ItemCount":7,"Name":"digits 16752869479666417665",
      "From@odata.type":"#Collection(String)","From":["a"],"Nested":{"X@odata.type":"#Guid","X":"y"}}]}`,
  }))
  const { value, warnings } = await exchange.invoke('Get-InboxRule', { Mailbox: adele })
  expect(warnings).toEqual(['one rule is broken'])
  expect(value).toEqual([
    {
      RuleIdentity: '16752869479666417665',
      Priority: 1,
      ItemCount: '7',
      Name: 'digits 16752869479666417665',
      From: ['a'],
      Nested: { X: 'y' },
    },
  ])
})

const notFound = 'Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|gone | away'
const failures: [string, Reply, Partial<UpstreamError>][] = [
  [
    'an exception in details',
    { status: 404, body: { error: { code: 'NotFound', details: [{ code: 'Client', message: notFound }] } } },
    {
      kind: 'NOT_FOUND',
      upstreamCode: 'ManagementObjectNotFoundException',
      mayHaveActed: false,
      upstreamMessage: 'gone | away',
    },
  ],
  [
    'an exception inside, with another status',
    {
      status: 500,
      body: { error: { code: 'InternalServerError', innerError: { internalException: { message: notFound } } } },
    },
    { kind: 'NOT_FOUND', upstreamCode: 'ManagementObjectNotFoundException', mayHaveActed: false },
  ],
  [
    'NUL bytes, falsely declared as gzip',
    {
      status: 403,
      headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
      body: Buffer.alloc(64),
    },
    { kind: 'FORBIDDEN', upstreamCode: null, mayHaveActed: false },
  ],
  ['an HTML page', { status: 401, body: '<html>' }, { kind: 'UNAUTHORIZED', mayHaveActed: false }],
  [
    'a bad parameter',
    { status: 400, body: { error: { code: 'BadRequest' } } },
    { kind: 'BAD_REQUEST', upstreamCode: 'BadRequest' },
  ],
  ['an unreadable success', { body: 'ok' }, { kind: 'CONNECTION', mayHaveActed: true }],
  [
    'a server error',
    { status: 500, body: { error: { code: 'InternalServerError' } } },
    { kind: 'UNAVAILABLE', mayHaveActed: true },
  ],
  ['a cut connection', { cut: true }, { kind: 'CONNECTION', mayHaveActed: true }],
]
test.each(failures)('a failed change is told by exception type and sent once: %s', async (_, reply, expected) => {
  const { exchange, server } = await anExchange(() => reply)
  const failure = await failureOf(exchange.invoke('Set-Mailbox', { Identity: adele, ForwardingAddress: null }))
  expect(failure).toMatchObject({ service: 'exchange', ...expected })
  expect(server.received).toHaveLength(1)
})

test('one unreadable mailbox of a batch fails alone', async () => {
  const { exchange } = await anExchange((request) => {
    const items = batchItemsOf(request) ?? []
    return batchReply(items, ({ body }) =>
      inputOf(body).Parameters.Identity === 'gone@contoso.com'
        ? { status: 404, body: { error: { details: [{ message: notFound }] } } }
        : collection({ ok: true }),
    )
  })
  const [gone, there] = await Promise.all([
    failureOf(exchange.invoke('Get-Mailbox', { Identity: 'gone@contoso.com' })),
    exchange.invoke('Get-Mailbox', { Identity: 'adele@contoso.com' }),
  ])
  expect(gone.kind).toBe('NOT_FOUND')
  expect(there.value).toEqual([{ ok: true }])
})

test.each([
  ['Get-InboxRule', { Mailbox: '' }],
  ['Get-Mailbox', { Identity: null }],
  ['Get-Mailbox', { Identity: ' ' }],
  ['Get-Mailbox', { Identity: undefined }],
  ['Remove-TransportRule', {}],
  ['Get-Mailbox; Remove-Mailbox', { Identity: 'adele@contoso.com' }],
])('what would touch everything is refused before it is sent: %s %j', async (cmdlet, parameters) => {
  const { exchange, server } = await anExchange(() => collection())
  expect(await failureOf(exchange.invoke(cmdlet, parameters))).toMatchObject({
    kind: 'BAD_REQUEST',
    mayHaveActed: false,
  })
  expect(server.received).toHaveLength(0)
  expect(server.tokenRequests).toHaveLength(0)
})

test('the next page is asked for with the same body, on the same host only', async () => {
  const { exchange, server } = await anExchange(({ path, headers }) => {
    const root = `https://${headers.host}/adminapi/beta/${contoso}/InvokeCommand`
    if (path.endsWith('$skiptoken=2')) return collection(2)
    return { body: { value: [{ n: 1 }], '@odata.nextLink': `${root}?$skiptoken=2` } }
  })
  const { value } = await exchange.invoke('Get-TransportRule', { ResultSize: 'Unlimited' })
  expect(value).toEqual([{ n: 1 }])
  expect(server.received.map(({ body }) => body)).toEqual(Array(2).fill(server.received[0]?.body))

  const away = await anExchange(() => ({
    body: { value: [], '@odata.nextLink': 'https://evil.example.com/adminapi/x' },
  }))
  expect((await failureOf(away.exchange.invoke('Get-TransportRule', {}))).kind).toBe('CONNECTION')
})
