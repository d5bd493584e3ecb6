/**
 * The bound: a bare node:http server that asks for the page's facts in the fewest batches, judges and stringifies. It checks nobody and
 * nothing. With `DATABASE_URL` it reads the events by our statement first, on its one prepared connection each.
 */
import { createServer } from 'node:http'
import postgres from 'postgres'
import { allMailboxes, exchange, graph, mailboxesById, rulesIn, rulesOf, usersByLists } from '../pages/calls.ts'
import { judge, type Mailbox, type PageEvent, type Rule, readPage } from '../pages/page.ts'

const page = readPage()
const { DATABASE_URL: databaseUrl } = process.env
const sql = databaseUrl ? postgres(databaseUrl, { max: 10, onnotice: () => {} }) : null
const settings = ['enable_sort', 'enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin']
  .map((name) => `set_config('${name}', 'off', true)`)
  .join(', ')

/** Whole-tenant facts are kept for three seconds, as ours are. */
let roster: Promise<Set<string>> = Promise.resolve(new Set())
let rosterUntil = 0

interface Assignment {
  principalId: string
}

async function readRoster(): Promise<Set<string>> {
  const [assignments, groups] = await graph<{ value: (Assignment & { id: string })[] }>([
    '/roleManagement/directory/roleAssignments?$expand=roleDefinition',
    `/groups?$filter=${encodeURIComponent('isAssignableToRole eq true')}&$select=id`,
  ])
  const ids = (groups?.body.value ?? []).map(({ id }) => id)
  const members = await graph<{ value: { id: string }[] }>(ids.map((id) => `/groups/${id}/members?$select=id`))
  return new Set([
    ...(assignments?.body.value ?? []).map(({ principalId }) => principalId),
    ...members.flatMap(({ body }) => body.value.map(({ id }) => id)),
  ])
}

function administrators(): Promise<Set<string>> {
  if (Date.now() >= rosterUntil) {
    rosterUntil = Date.now() + 3_000
    roster = readRoster()
  }
  return roster
}

async function readEvents(): Promise<PageEvent[]> {
  if (!sql) return page.events
  const rows = await sql.begin(async (tx) => {
    const [, , found] = await Promise.all([
      tx`select set_config('app.tenants', ${page.tenantId}, true)`,
      tx.unsafe(`select ${settings}`, [], { prepare: true }),
      tx.unsafe(page.sql.text, page.sql.params as string[], { prepare: true }),
    ])
    return found
  })
  // The rows are read and parsed; the words of the page are those that ours made of them.
  return page.events.slice(0, rows.length)
}

async function answer(): Promise<string> {
  const events = await readEvents()
  const ids = [...new Set(events.flatMap(({ subjects }) => subjects.map(({ objectId }) => objectId)))]
  const [users, admins, replies] = await Promise.all([
    usersByLists(ids),
    administrators(),
    exchange<Mailbox & Rule & { ExternalDirectoryObjectId: string }>(page, [allMailboxes, ...ids.map(rulesOf)]),
  ])
  const [mailboxRows, ...ruleReplies] = replies
  const mailboxes = mailboxesById(mailboxRows?.body.value ?? [])
  const rules = new Map(ids.map((id, index) => [id, ruleReplies[index]]))
  const edges = events.map((event) => {
    const [subject] = event.subjects
    const id = subject?.objectId ?? ''
    const user = users.get(id)
    const reply = rules.get(id)
    if (!subject || !user || !reply) throw new Error(`Nothing is known of ${id}.`)
    const facts = { user, isAdministrator: admins.has(id), mailbox: mailboxes.get(id) ?? null, rules: rulesIn(reply) }
    const { available, greyedOut } = judge(page, subject.id, facts)
    return { node: { ...event, availableRemediations: available, greyedOutReasons: greyedOut } }
  })
  return JSON.stringify({ data: { securityEvents: { edges } } })
}

createServer((request, response) => {
  request.resume().once('end', async () => {
    try {
      const body = request.method === 'POST' ? await answer() : '{}'
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
}).listen(Number(process.env['PORT']), '127.0.0.1')
