/** A page of the audit costs what the page holds, however long the trail is: proven on plans, not on times. */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import {
  type AuditEntryRow,
  type AuditFilter,
  auditPageStatement,
  type Places,
  pageOfAuditEntries,
  placesStatement,
} from './audit.ts'
import { indexesOnly } from './events.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

const tenantId = '01900000-0000-7000-8000-00000000aaaa'
const entries = 120_000
const first = 50
/** One entry a minute. */
const at = (seq: number) => new Date(Date.UTC(2026, 0, 1) + seq * 60_000)
const idOf = (kind: string, n: number) => `01900000-0000-7000-800${kind}-${String(n).padStart(12, '0')}`

let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
  // The plan asks for no hashes. Operator 7, kind RARE and the name feed.gap_found are a few of very many, all at the beginning.
  await ownerSql(
    database,
    `alter table audit_entry no force row level security;
     insert into audit_entry (tenant_id, seq, at, name, operator, event_id, run_id, kind, subject_id, details, previous_hash, hash)
     select '${tenantId}', n, timestamptz '2026-01-01 00:00Z' + n * interval '1 minute',
       case when n in (20, 21) then 'feed.gap_found' when n % 2 = 0 then 'remediation.started' else 'remediation.confirmed' end,
       jsonb_build_object('id', case when n < 100 and n % 9 = 0 then '${idOf('1', 7)}' else '${idOf('1', 1)}' end, 'kind', 'PERSON', 'displayName', 'Ada'),
       ('01900000-0000-7000-8002-' || lpad((n / 10)::text, 12, '0'))::uuid,
       ('01900000-0000-7000-8003-' || lpad((n / 5)::text, 12, '0'))::uuid,
       case when n < 50 and n % 10 = 0 then 'RARE' else 'DISABLE_USER' end,
       ('01900000-0000-7000-8004-' || lpad((n % 1000)::text, 12, '0'))::uuid,
       jsonb_build_object('n', n), sha256('x'), sha256('y')
     from generate_series(1, ${entries}) n;
     alter table audit_entry force row level security;
     analyze audit_entry`,
  )
})
afterAll(() => database?.drop())

const single: Record<string, AuditFilter> = {
  none: {},
  'a run': { runId: idOf('3', 4) },
  'an event': { eventId: idOf('2', 2) },
  'a subject': { subjectId: idOf('4', 11) },
  'an operator, of most entries': { operatorId: idOf('1', 1) },
  'an operator, of few and old ones': { operatorId: idOf('1', 7) },
  'an operator who did nothing': { operatorId: idOf('1', 8) },
  'a common remediation': { kind: 'DISABLE_USER' },
  'a rare remediation': { kind: 'RARE' },
  'a common name': { names: ['remediation.started'] },
  'several names, some of few and old entries': { names: ['feed.gap_found', 'remediation.confirmed', 'consent.asked'] },
  'a rare name': { names: ['feed.gap_found'] },
  'no name': { names: [] },
  since: { since: at(entries - 20) },
  'since a moment to come': { since: at(entries + 20) },
  'an old range of time': { since: at(100), until: at(200) },
  until: { until: at(30) },
}
const filters = Object.entries(single).flatMap(([name, filter]): [string, AuditFilter][] => [
  [name, filter],
  [`${name}, and an old range of time`, { ...filter, since: at(5), until: at(60) }],
])

interface PlanNode {
  'Node Type': string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}
const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

const planOf = (filter: AuditFilter, after: number | undefined): Promise<PlanNode> =>
  database.db.withTenants([tenantId], async (tx) => {
    await tx.execute(indexesOnly)
    const { since, until } = filter
    const [places] = await tx.execute<Places>(placesStatement(tenantId, { since, until }))
    const [row] = await tx.execute<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      sql`explain (analyze, buffers, timing off, format json) ${auditPageStatement(tenantId, { filter, first, after }, places)}`,
    )
    const plan = row?.['QUERY PLAN'][0]?.Plan
    if (plan === undefined) throw new Error('There is no plan.')
    return plan
  })

/** What a walk through the whole trail finds. */
function holds(filter: AuditFilter, entry: AuditEntryRow): boolean {
  const { names, since, until, eventId, runId, operatorId, subjectId, kind } = filter
  return (
    (names === undefined || names.includes(entry.name)) &&
    (since === undefined || entry.at >= since) &&
    (until === undefined || entry.at < until) &&
    [
      [eventId, entry.eventId],
      [runId, entry.runId],
      [operatorId, entry.operator?.id],
      [subjectId, entry.subjectId],
      [kind, entry.kind],
    ].every(([wanted, found]) => wanted === undefined || wanted === found)
  )
}

describe.each([
  ['first', undefined],
  ['deep', 90_000],
])('the %s page', (_, after) => {
  test.each(filters)('of %s follows one index and reads no more than a page for each name', async (_, filter) => {
    const plan = await planOf(filter, after)
    const nodes = nodesOf(plan)
    const scans = nodes.filter((node) => /Seq Scan|Bitmap/.test(node['Node Type']))
    expect(scans).toEqual([])
    const searches = filter.names?.length ?? 1
    for (const sort of nodes.filter((node) => /Sort/.test(node['Node Type'])))
      expect(sort['Actual Rows'] * sort['Actual Loops']).toBeLessThanOrEqual((first + 1) * searches)
    // In a short range it may be the range that is looked through.
    for (const node of nodes) expect(node['Rows Removed by Filter'] ?? 0).toBeLessThanOrEqual(first + 5)
    expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThanOrEqual(
      (first + 1) * Math.max(1, searches) + 40,
    )
  })
})

test.each([
  ['old', at(100), at(200)],
  ['present', at(entries - 3), undefined],
  ['future', at(entries + 3), undefined],
])('the places of an %s range are found by two searches', async (_, since, until) => {
  const plan = await database.db.withTenants([tenantId], async (tx) => {
    await tx.execute(indexesOnly)
    const [row] = await tx.execute<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      sql`explain (analyze, buffers, timing off, format json) ${placesStatement(tenantId, { since, until })}`,
    )
    return row?.['QUERY PLAN'][0]?.Plan
  })
  expect(plan && plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThanOrEqual(12)
})

test('every filter finds what a walk through the whole trail finds, page after page', async () => {
  const pageOf = (filter: AuditFilter, size: number, after?: number) =>
    database.db.withTenants([tenantId], (tx) => pageOfAuditEntries(tx, tenantId, { filter, first: size, after }))
  const known: AuditEntryRow[] = []
  for (let after: number | undefined; after !== 1; after = known.at(-1)?.seq)
    known.push(...(await pageOf({}, 10_000, after)).entries)
  expect(known).toHaveLength(entries)
  for (const [name, filter] of filters) {
    const expected = known.filter((entry) => holds(filter, entry)).map(({ seq }) => seq)
    const found: number[] = []
    for (let after: number | undefined; found.length < Math.min(expected.length, 130); after = found.at(-1)) {
      const page = await pageOf(filter, 60, after)
      expect(page.entries.length, name).toBeGreaterThan(0)
      found.push(...page.entries.map(({ seq }) => seq))
    }
    if (expected.length === 0) expect((await pageOf(filter, 60)).entries, name).toEqual([])
    expect(found, name).toEqual(expected.slice(0, found.length))
  }
})

test('of several filters at once the narrowest is followed, and the others are looked at on the way', async () => {
  const plan = await planOf({ operatorId: idOf('1', 1), kind: 'RARE' }, undefined)
  const looked = nodesOf(plan).reduce((sum, node) => sum + (node['Rows Removed by Filter'] ?? 0), 0)
  expect(looked).toBeLessThan(100)
})
