import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { aRecord } from '../../test/support/records.ts'
import { retainEvents } from '../services/events/retention.ts'
import type { SubjectCandidate } from '../services/events/types.ts'
import { appendAudit, pageOfAuditEntries } from './audit.ts'
import { connect } from './connection.ts'
import { addEventMonths, dropExpiredEvents, keepEventsFrom } from './event-partitions.ts'
import { pageOfEvents, subjectById } from './events.ts'
import { storeRecords } from './records.ts'
import { upsertTenant } from './tenants.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const dayMs = 86_400_000
const present = Date.now()
const daysAgo = (days: number) => new Date(present - days * dayMs)

/** Each test drops what is old, in a database of its own. */
async function aStore() {
  const database = await aDatabase()
  const jobs = connect({ url: database.jobsUrl, max: 4 })
  const { db } = database
  const tenantId = crypto.randomUUID()
  await db.withTenants([tenantId], (tx) => upsertTenant(tx, { id: tenantId, name: 'Contoso', status: 'CONNECTED' }))
  return {
    database,
    db,
    jobs,
    tenantId,
    async store(name: string, at: Date, ...subjects: SubjectCandidate[]) {
      const record = aRecord(name, { title: name, subjects }, { at })
      const [outcome] = await db.withTenants([tenantId], (tx) => storeRecords(tx, tenantId, [record]))
      return outcome?.stored
    },
    page: () => db.withTenants([tenantId], (tx) => pageOfEvents(tx, { tenantIds: [tenantId], first: 100 })),
    async titles() {
      return (await this.page()).events.map(({ title }) => title)
    },
    retain: (days: number | null) => retainEvents({ db, log, now: () => new Date() }, jobs, days),
    rows: async (table: string) => Number((await ownerSql(database, `select count(*) from ${table}`))[0]?.['count']),
    async close() {
      await jobs.close()
      await database.drop()
    },
  }
}

/** The ends of the partitions of each table, in order: every time is in exactly one. */
async function ranges(database: TestDatabase): Promise<string[]> {
  const rows = await ownerSql(
    database,
    `select inhparent::regclass::text as parent, pg_get_expr(relpartbound, oid) as bound
     from pg_inherits join pg_class on oid = inhrelid where inhparent::regclass::text in ('security_event', 'event_subject', 'event_record')`,
  )
  const byTable = Map.groupBy(rows, ({ parent }) => String(parent))
  const all = [...byTable.values()].map((parts) => parts.map(({ bound }) => String(bound)).toSorted())
  expect(all).toHaveLength(3)
  expect(all[1]).toEqual(all[0])
  expect(all[2]).toEqual(all[0])
  return all[0] ?? []
}

function expectNoGap(bounds: readonly string[]): void {
  const ends = bounds.map((bound) => /FROM \((.*)\) TO \((.*)\)/.exec(bound)?.slice(1) ?? [])
  const [first, last] = [ends.find(([from]) => from === 'MINVALUE'), ends.find(([, to]) => to === 'MAXVALUE')]
  expect(first).toBeDefined()
  expect(last).toBeDefined()
  for (const [, to] of ends) if (to !== 'MAXVALUE') expect(ends.filter(([from]) => from === to)).toHaveLength(1)
}

const user = (name: string): SubjectCandidate => ({
  type: 'USER',
  role: 'TARGET',
  aliases: [`upn:${name}@contoso.com`],
  attributes: { userPrincipalName: `${name}@contoso.com` },
})

describe('months ahead', () => {
  let store: Awaited<ReturnType<typeof aStore>>
  beforeAll(async () => {
    store = await aStore()
  })
  afterAll(() => store.close())

  test('come once, by however many workers, and take over the events that came before them', async () => {
    const at = daysAgo(-170)
    await store.store('early', at, user('ada'))
    await store.store('far', new Date('2200-01-01T00:00:00Z'))
    const before = (await ranges(store.database)).length
    const added = await Promise.all(Array.from({ length: 3 }, () => addEventMonths(store.jobs, { aheadMonths: 7 })))
    expect(added.reduce((total, count) => total + count)).toBe(4)
    const after = await ranges(store.database)
    expect(after).toHaveLength(before + 4)
    expectNoGap(after)
    expect(await addEventMonths(store.jobs, { aheadMonths: 7 })).toBe(0)

    const month = at.toISOString().slice(0, 7).replace('-', '_')
    for (const table of ['security_event', 'event_subject', 'event_record']) {
      expect(await store.rows(`${table}_${month}`), table).toBe(1)
    }
    expect(await store.titles()).toEqual(['far', 'early'])
    expect(await store.store('early', at)).toBe('DUPLICATE')
  })
})

describe('retention', () => {
  let store: Awaited<ReturnType<typeof aStore>>
  beforeAll(async () => {
    store = await aStore()
  })
  afterAll(() => store.close())

  test('takes away old events with all that hangs on them, and neither younger ones nor the audit', async () => {
    const { db, tenantId } = store
    await store.store('two years', daysAgo(730), user('ada'))
    await store.store('half a year', daysAgo(180), user('ada'), user('bea'))
    await store.store('a month', daysAgo(30), user('bea'))
    const [, halfAYear, twoYears] = (await store.page()).events
    const [ada, bea] = halfAYear?.subjects ?? []
    await db.withTenants([tenantId], (tx) =>
      appendAudit(tx, [
        {
          tenantId,
          name: 'events.imported',
          at: daysAgo(730),
          operator: null,
          eventId: twoYears?.id ?? null,
          details: {},
        },
      ]),
    )

    await store.retain(90)
    expect(await store.titles()).toEqual(['a month'])
    for (const [table, left] of [
      ['security_event', 1],
      ['event_subject', 1],
      ['event_record', 1],
      ['subject', 1],
      ['subject_alias', 1],
    ] as const) {
      expect(await store.rows(table), table).toBe(left)
    }
    const known = (id = '') => db.withTenants([tenantId], (tx) => subjectById(tx, tenantId, id))
    expect(await known(ada?.id)).toBeNull()
    expect(await known(bea?.id)).toMatchObject({ attributes: { userPrincipalName: 'bea@contoso.com' } })
    const audit = await db.withTenants([tenantId], (tx) => pageOfAuditEntries(tx, tenantId, { first: 10 }))
    expect(audit.entries).toHaveLength(1)
    expectNoGap(await ranges(store.database))
  })

  test('refuses what comes too late, and stores nothing of it', async () => {
    expect(await store.store('two years', daysAgo(730), user('cleo'))).toBe('OUTSIDE_RETENTION')
    expect(await store.store('a month', daysAgo(30))).toBe('DUPLICATE')
    expect(await store.rows('event_record')).toBe(1)
    expect(await store.rows('subject')).toBe(1)
  })

  test('that is given up takes everything again', async () => {
    await store.retain(null)
    expect(await store.store('two years', daysAgo(730), user('ada'))).toBe('EVENT')
    expect(await store.titles()).toEqual(['a month', 'two years'])
  })

  test('longer than there are months takes only what is older from the time before them', async () => {
    await store.store('three years', daysAgo(1095))
    await store.retain(900)
    expect(await store.titles()).toEqual(['a month', 'two years'])
    expect(await store.rows('event_record_earlier')).toBe(1)
  })
})

test('workers at once drop each month once; one that dies in the middle leaves all of it', async () => {
  const store = await aStore()
  try {
    await store.store('old', daysAgo(330))
    const before = await ranges(store.database)
    await keepEventsFrom(store.jobs, daysAgo(100))
    const died = new Error('The worker is gone')
    const dying = store.jobs.plain(async (tx) => {
      await tx.execute(sql`select drop_expired_event_months()`)
      throw died
    })
    await expect(dying).rejects.toBe(died)
    expect(await ranges(store.database)).toEqual(before)
    expect(await store.titles()).toEqual(['old'])

    const dropped = await Promise.all(Array.from({ length: 4 }, () => dropExpiredEvents(store.jobs)))
    const after = await ranges(store.database)
    expect(dropped.filter((months) => months > 0)).toEqual([before.length - after.length])
    expectNoGap(after)
    expect(await store.titles()).toEqual([])
  } finally {
    await store.close()
  }
})

test('dropping waits for whoever reads, and nobody waits behind it', async () => {
  const store = await aStore()
  try {
    await store.store('old', daysAgo(330))
    await store.store('new', daysAgo(1))
    await keepEventsFrom(store.jobs, daysAgo(100))
    let dropping: Promise<number> | undefined
    await store.db.withTenants([store.tenantId], async (tx) => {
      await tx.execute(sql`select count(*) from security_event`)
      dropping = dropExpiredEvents(store.jobs)
      // Goes on reading and bringing in, until the drop has been refused its lock at least once.
      for (let refused = 0; refused === 0; ) {
        expect(await store.titles()).toEqual(['new', 'old'])
        refused = await statementsCancelled(store.database)
      }
    })
    expect(await dropping).toBeGreaterThan(0)
    expect(await store.titles()).toEqual(['new'])
  } finally {
    await store.close()
  }
})

/** Transactions that were rolled back in this database. */
async function statementsCancelled(database: TestDatabase): Promise<number> {
  const [row] = await ownerSql(
    database,
    'select xact_rollback from pg_stat_database where datname = current_database()',
  )
  return Number(row?.['xact_rollback'])
}

test('the serving role cannot make events disappear, and nobody those of the last day', async () => {
  const store = await aStore()
  try {
    for (const call of [
      'keep_events_from(now())',
      'drop_expired_event_months()',
      'delete_expired_events(1)',
      "add_event_month('1 year')",
    ]) {
      await expect(
        store.db.plain((tx) => tx.execute(sql.raw(`select ${call}`))),
        call,
      ).rejects.toMatchObject({ code: '42501' })
    }
    await expect(keepEventsFrom(store.jobs, new Date())).rejects.toThrow('the last day')
  } finally {
    await store.close()
  }
})
