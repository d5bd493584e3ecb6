/**
 * The feed under everything at once: worker processes that share the tenants and are killed at random, blobs that come late, out of
 * order and twice, and a Microsoft 365 of whose calls a tenth fail. At the end the events are those of a plain import, each once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { anApplication, aTenant, aWorld, person, withApp } from '../../simulator/builders.ts'
import type { Fault } from '../../simulator/engine-types.ts'
import type { AuditRecord } from '../../simulator/sample/record-forms.ts'
import type { Tenant } from '../../simulator/world.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { importRecords } from '../../src/services/events/import.ts'
import { aMicrosoft, type TestMicrosoft } from '../support/microsoft.ts'
import { ownerSql } from '../support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { type Seeded, seeded } from '../support/seeded.ts'
import { workerProcesses } from '../support/worker-processes.ts'

/** All of it by the very command with its own waits, or a sample with quick ones. One alone: `-t 'seed 2:'`. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const seeds = isSoak ? [1, 2] : [1]
const recordCount = isSoak ? 10_000 : 1_200
const killings = isSoak ? 25 : 4
const command = isSoak ? ['src/cli.ts', 'worker'] : ['test/support/quick-worker.ts']

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 })

const names = ['Contoso', 'Fabrikam', 'Litware']
const people = ['Ada', 'Bruno', 'Carla', 'Dora']

test.for(seeds)('seed %i: no event is lost, none is there twice, whoever dies when', async (seed) => {
  const chance = seeded(seed)
  const application = anApplication({ displayName: 'Tourniquet', permissions: ['ActivityFeed.Read'] })
  const tenants = names.map((name) => {
    const tenant = aTenant({ name, people: people.map((one) => person(one)) })
    withApp(tenant, application, { permissions: ['ActivityFeed.Read'] })
    return tenant
  })
  const feed = { delayMs: 300, blobSize: 12, pageSize: 15 }
  const [database, plain, microsoft] = await Promise.all([
    aDatabase(),
    aDatabase(),
    aMicrosoft(aWorld({ tenants, applications: [application], switches: { feed } })),
  ])
  for (const { id, displayName: name } of tenants) {
    await database.db.withTenants([id], (tx) => upsertTenant(tx, { id, name, status: 'CONNECTED' }))
  }
  const workers = workerProcesses(2, command, { microsoft, database, application })
  const faults = failATenth(microsoft, chance)
  try {
    await subscribed(microsoft, workers.lastWords)
    const killing = (async () => {
      for (let time = 0; time < killings; time += 1) {
        await sleep(chance.whole(300, isSoak ? 12_000 : 2_500))
        await workers.replace(chance.whole(0, 1))
      }
    })()
    await raise(microsoft, chance)
    await killing
    faults.end()
    // What came late, and twice, has landed by now.
    await sleep(2 * feed.delayMs + 1000)
    const expected = await imported(plain, microsoft)
    await until(
      async () => (await eventsIn(database)).length >= expected.length && (await isSettled(database)),
      workers.lastWords,
    )
    expect(await eventsIn(database)).toEqual(expected)
    expect(expected.length).toBeGreaterThan(recordCount / 4)
    expect(faults.struck()).toBeGreaterThan(10)
    const [doubled] = await ownerSql(
      database,
      'select count(*)::int as events, count(distinct (tenant_id, id))::int as different from security_event',
    )
    expect(doubled?.['events']).toBe(doubled?.['different'])
    expect(await ownerSql(database, 'select why from feed_gap')).toEqual([])
  } finally {
    faults.end()
    await workers.close()
    await microsoft.close()
    await database.drop()
    await plain.drop()
  }
})

/** Every tenant, to all four types: what lands before is lost. */
async function subscribed(microsoft: TestMicrosoft, lastWords: () => string): Promise<void> {
  const subscriptions = () => microsoft.world.tenants.flatMap(({ activitySubscriptions = [] }) => activitySubscriptions)
  await until(async () => subscriptions().length === 4 * names.length, lastWords)
}

/** In portions, as they happen. */
async function raise(microsoft: TestMicrosoft, chance: Seeded): Promise<void> {
  for (let index = 0; index < recordCount; ) {
    for (const tenant of microsoft.world.tenants) {
      const records: AuditRecord[] = []
      for (const size = chance.whole(5, 60); records.length < size && index < recordCount; index += 1) {
        records.push(...someRecords(tenant, index, chance))
      }
      microsoft.simulator.raise(tenant.id, records, new Date(Date.now() - chance.whole(0, 1_000)))
    }
    await sleep(isSoak ? 300 : 50)
  }
}

const guidOf = (index: number, part = 0) =>
  `00000000-0000-4000-8000-${String(part).padStart(2, '0')}${String(index).padStart(10, '0')}`

/** One that is an event of its own, one that is none, or those of one consent. */
function someRecords(tenant: Tenant, index: number, chance: Seeded): AuditRecord[] {
  const domain = tenant.users[0]?.userPrincipalName.split('@')[1]
  const by = chance.oneOf(['Ada', 'Bruno', 'Carla', 'Dora'])
  const common = {
    Id: guidOf(index),
    // Far enough from each other that no two actions are taken for one.
    CreationTime: new Date(Date.UTC(2026, 0, 1) + index * 300_000).toISOString().slice(0, 19),
    OrganizationId: tenant.id,
    UserType: 0,
    UserKey: by,
    UserId: `${by.toLowerCase()}@${domain}`,
    ResultStatus: 'Success',
  }
  const directory = { ...common, RecordType: 8, Workload: 'AzureActiveDirectory' }
  switch (chance.whole(0, 4)) {
    case 0:
      return [{ ...directory, Operation: 'Disable account.', ObjectId: `user${index}@${domain}` }]
    case 1:
      return [
        {
          ...common,
          RecordType: 1,
          Workload: 'Exchange',
          Operation: 'New-InboxRule',
          ObjectId: `${by}\\.`,
          Parameters: [
            { Name: 'Name', Value: '.' },
            { Name: 'DeleteMessage', Value: 'True' },
          ],
        },
      ]
    case 2:
      return [
        {
          ...common,
          RecordType: 6,
          Workload: 'SharePoint',
          Operation: 'FileAccessed',
          ObjectId: `https://${domain}/${index}`,
        },
      ]
    case 3:
      return [
        { ...common, RecordType: 25, Workload: 'MicrosoftTeams', Operation: 'MemberAdded', TeamName: `Team ${index}` },
      ]
    default: {
      const app = guidOf(index, 70)
      const principal = guidOf(index, 71)
      const target = [
        { ID: `ServicePrincipal_${principal}`, Type: 2 },
        { ID: principal, Type: 2 },
        { ID: 'ServicePrincipal', Type: 2 },
        { ID: `App ${index}`, Type: 1 },
        { ID: app, Type: 4 },
      ]
      return ['Consent to application.', 'Add service principal.'].map((Operation, part) => ({
        ...directory,
        Id: guidOf(index, part + 1),
        Operation,
        ObjectId: app,
        Target: target,
        Actor: [{ ID: common.UserId, Type: 5 }],
      }))
    }
  }
}

/** About every tenth call of the feed fails in one of the ways that it has. */
function failATenth(microsoft: TestMicrosoft, chance: Seeded) {
  let struck = 0
  let isOver = false
  let seen = microsoft.journal().at(-1)?.seq ?? 0
  let next = chance.whole(1, 19)
  const timer = setInterval(() => {
    const calls = microsoft.journal(seen).filter(({ service }) => service === 'management')
    seen = microsoft.journal().at(-1)?.seq ?? seen
    next -= calls.length
    for (; next <= 0; next += chance.whole(1, 19)) {
      const fault = chance.oneOf<Fault>([
        { fault: 'throttle', service: 'management', args: { retryAfter: 0.05 } },
        { fault: 'status', service: 'management', args: { status: 429, code: 'AF429' } },
        { fault: 'status', service: 'management', args: { status: 500, code: 'AF50000' } },
        { fault: 'status', service: 'management', args: { status: 503 } },
        { fault: 'status', service: 'management', args: { status: 401 } },
        { fault: 'resetBefore', service: 'management' },
        { fault: 'resetAfter', service: 'management' },
        { fault: 'delay', service: 'management', args: { ms: 400 } },
      ])
      microsoft.fault(fault).struck.then(() => {
        if (!isOver) struck += 1
      })
    }
  }, 5)
  return {
    struck: () => struck,
    end() {
      isOver = true
      clearInterval(timer)
    },
  }
}

/** What a plain import makes of everything that is in the feed. */
async function imported(plain: TestDatabase, microsoft: TestMicrosoft): Promise<object[]> {
  const records = microsoft.world.tenants.flatMap(({ auditContent = [] }) =>
    auditContent.flatMap((blob) => blob.records),
  )
  async function* lines() {
    for (const [index, record] of records.entries()) yield { line: index + 1, text: JSON.stringify(record) }
  }
  const report = await importRecords({ db: plain.db, now: () => new Date() }, lines(), { source: 'IMPORT' })
  expect(report).toMatchObject({ unreadableTotal: 0, noTenant: 0 })
  expect(report.duplicates).toBeGreaterThan(0)
  return eventsIn(plain)
}

/** Each event by what it says and by the records that made it; and the records that made none. */
const eventsIn = (database: TestDatabase): Promise<object[]> =>
  ownerSql(
    database,
    `select r.tenant_id, e.type, e.title, e.description, e.severity, jsonb_array_length(e.subjects) as subjects,
       array_agg(r.record_id || ' ' || encode(r.record_hash, 'hex') order by r.record_id, r.record_hash) as records
     from event_record r left join security_event e on e.tenant_id = r.tenant_id and e.id = r.event_id
     group by r.tenant_id, e.id, e.type, e.title, e.description, e.severity, e.subjects,
       case when e.id is null then r.record_id || encode(r.record_hash, 'hex') end
     order by r.tenant_id, records`,
  )

async function isSettled(database: TestDatabase): Promise<boolean> {
  const open = await ownerSql(database, 'select 1 from feed_blob where settled_at is null limit 1')
  return open.length === 0
}

async function until(isSo: () => Promise<boolean>, lastWords: () => string): Promise<void> {
  const deadline = Date.now() + (isSoak ? 1_200_000 : 240_000)
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`The workers do not get there:\n${lastWords()}`)
    await sleep(250)
  }
}
