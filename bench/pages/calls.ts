/** How the bound and the peers call the fake Microsoft 365: undici's `request`, as few `$batch` requests as the items need. */
import { Agent, request } from 'undici'
import type { Mailbox, Page, Rule, User } from './page.ts'

interface Reply<Body> {
  status: number
  body: Body
}

const env = (name: string): string => process.env[name] ?? ''
const upstream = env('UPSTREAM_URL')
const graphHeaders = { authorization: `Bearer ${env('GRAPH_TOKEN')}`, 'content-type': 'application/json' }
const exchangeHeaders = { authorization: `Bearer ${env('EXCHANGE_TOKEN')}`, 'content-type': 'application/json' }
const dispatcher = new Agent({ connections: 256, pipelining: 1 })

async function batch<Body>(
  path: string,
  headers: Record<string, string>,
  items: readonly object[],
): Promise<Reply<Body>[]> {
  const requests = items.map((item, index) => ({ id: String(index + 1), ...item }))
  const body = JSON.stringify({ requests })
  const answer = await request(`${upstream}${path}`, { method: 'POST', headers, body, dispatcher })
  const { responses } = (await answer.body.json()) as { responses: ({ id: string } & Reply<Body>)[] }
  const byId = new Map(responses.map((response) => [response.id, response]))
  return requests.map(({ id }) => byId.get(id) ?? { status: 500, body: null as Body })
}

/** Even parts, as few as fit. */
function inParts<T>(items: readonly T[], most: number): T[][] {
  const count = Math.ceil(items.length / most)
  const parts: T[][] = Array.from({ length: count }, () => [])
  items.forEach((item, index) => {
    parts[index % count]?.push(item)
  })
  return parts
}

async function inBatches<T, Body>(items: readonly T[], most: number, send: (items: T[]) => Promise<Reply<Body>[]>) {
  const replies = new Map<T, Reply<Body>>()
  await Promise.all(
    inParts(items, most).map(async (part) => {
      const answers = await send(part)
      part.forEach((item, index) => {
        const reply = answers[index]
        if (reply) replies.set(item, reply)
      })
    }),
  )
  return items.map((item) => replies.get(item) ?? { status: 500, body: null as Body })
}

const select = 'id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSyncEnabled'

interface List<T> {
  value: T[]
}

/** Items of Graph, twenty in a batch. */
export const graph = <Body>(urls: readonly string[]): Promise<Reply<Body>[]> =>
  inBatches(urls, 20, (part) =>
    batch<Body>(
      '/v1.0/$batch',
      graphHeaders,
      part.map((url) => ({ method: 'GET', url })),
    ),
  )

export const userUrl = (id: string): string => `/users/${id}?$select=${select}`
export const rolesUrl = (id: string): string => `/users/${id}/transitiveMemberOf?$select=id,displayName`

/** Users by lists of 15. */
export async function usersByLists(ids: readonly string[]): Promise<Map<string, User>> {
  const lists = inParts(ids, 15).map((part) => part.map((id) => `'${id}'`).join(','))
  const urls = lists.map((list) => `/users?$filter=${encodeURIComponent(`id in (${list})`)}&$select=${select}`)
  const answers = await graph<List<User>>(urls)
  return new Map(answers.flatMap(({ body }) => body.value).map((user) => [user.id, user]))
}

interface Cmdlet {
  name: string
  parameters: Record<string, unknown>
  select?: string
}

const command = ({ tenantId }: Pick<Page, 'tenantId'>, { name, parameters, select: columns }: Cmdlet) => ({
  method: 'POST',
  url: `${upstream}/adminapi/beta/${tenantId}/InvokeCommand${columns ? `?$select=${columns}` : ''}`,
  headers: {
    'Content-Type': 'application/json; charset=utf-8',
    'X-AnchorMailbox': `APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@${tenantId}`,
    Prefer: 'odata.maxpagesize=1000',
  },
  body: { CmdletInput: { CmdletName: name, Parameters: parameters } },
})

/** Cmdlets, ten in a batch. */
export const exchange = <Row>(page: Page, cmdlets: readonly Cmdlet[]): Promise<Reply<List<Row>>[]> =>
  inBatches(cmdlets, 10, (part) =>
    batch<List<Row>>(
      `/adminapi/beta/${page.tenantId}/$batch`,
      exchangeHeaders,
      part.map((cmdlet) => command(page, cmdlet)),
    ),
  )

export const allMailboxes: Cmdlet = {
  name: 'Get-Mailbox',
  parameters: {},
  select: 'ExternalDirectoryObjectId,ForwardingAddress,ForwardingSmtpAddress',
}

export const rulesOf = (id: string): Cmdlet => ({
  name: 'Get-InboxRule',
  parameters: { Mailbox: id, IncludeHidden: true, BypassScopeCheck: true },
})

export const mailboxesById = (rows: readonly (Mailbox & { ExternalDirectoryObjectId: string })[]) =>
  new Map(rows.map((row) => [row.ExternalDirectoryObjectId, row]))

export const rulesIn = ({ status, body }: Reply<List<Rule>>): Rule[] | null => (status === 200 ? body.value : null)
