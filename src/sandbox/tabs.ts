import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Database } from '../db/connection.ts'
import { pageOfEvents } from '../db/events.ts'
import type { GraphiqlTab } from '../graphiql/graphiql.ts'
import { scopedId, tenantGlobalId } from '../resolvers/global-ids.ts'
import type { SecurityEventType } from '../services/events/types.ts'

const examples = resolve(import.meta.dirname, '../../examples')

/** Types whose actor is, in the sample, an ordinary user, so that the first thing tried works. */
const tellingTypes: SecurityEventType[] = [
  'SUSPICIOUS_INBOX_RULE',
  'EXTERNAL_MAIL_FORWARDING',
  'RISKY_SIGN_IN',
  'USER_ACTIVITY',
]

export const tabsPath = (folder: string) => join(folder, 'tabs.json')

/** The examples as GraphiQL's tabs, with variables that name an event of the tenant. */
export async function tabsFor(db: Database, tenantId: string): Promise<GraphiqlTab[]> {
  const given = await variablesIn(db, tenantId)
  return readdirSync(examples)
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .map((name) => {
      const query = readFileSync(join(examples, name), 'utf8')
      const used = [...query.matchAll(/\$(\w+):/g)].flatMap(([, variable]) => variable ?? [])
      return {
        title: titleOf(name),
        query,
        variables: Object.fromEntries(used.map((one) => [one, given[one] ?? null])),
      }
    })
}

async function variablesIn(db: Database, tenantId: string): Promise<Record<string, unknown>> {
  const { events } = await db.withTenants([tenantId], (tx) =>
    pageOfEvents(tx, { tenantIds: [tenantId], filter: { types: tellingTypes }, first: 100 }),
  )
  const found = tellingTypes
    .flatMap((type) => events.filter((event) => event.type === type))
    .flatMap((event) => event.subjects.filter(({ type }) => type === 'USER').map((subject) => ({ event, subject })))[0]
  return {
    first: 20,
    tenantId: tenantGlobalId(tenantId),
    idempotencyKey: randomUUID(),
    ...(found && {
      eventId: scopedId('SecurityEvent', tenantId, found.event.id),
      subjectId: scopedId('Subject', tenantId, found.subject.id),
    }),
  }
}

/** `3-block-user.graphql` is "Block user". */
function titleOf(file: string): string {
  const words = file.replace(/^\d+-/, '').replace('.graphql', '').replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
