import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  consentRecord,
  contoso,
  delegatedGrantRecord,
  directoryRecord,
  eventOf,
  litware,
  mailboxRecord,
  onUser,
  signInRecord,
} from '../../../test/support/audit-records.ts'
import { aDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import {
  isPublishedThere,
  publishedFiles,
  publishedFolder,
  warnIfNotPublished,
} from '../../../test/support/published-records.ts'
import type { Role, ServiceContext } from '../../context.ts'
import { pageOfAuditEntries } from '../../db/audit.ts'
import { pageOfEvents } from '../../db/events.ts'
import { tenantsByIds, upsertTenant } from '../../db/tenants.ts'
import type { ImportOptions, ImportReport } from './import.ts'
import { importRecords } from './import.ts'
import { importAuditRecords } from './import-audit-records.ts'
import type { ImportLine } from './lines.ts'
import { linesOf } from './lines.ts'

const now = () => new Date('2026-02-01T00:00:00Z')
let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
})
afterAll(() => database.drop())

async function* lines(texts: readonly string[]): AsyncGenerator<ImportLine> {
  for (const [index, text] of texts.entries()) yield { line: index + 1, text }
}

const importTexts = (texts: readonly string[], options: Partial<ImportOptions> = {}) =>
  importRecords({ db: database.db, now }, lines(texts), { source: 'IMPORT', ...options })

const freshTenant = () => crypto.randomUUID()
const sum = (report: ImportReport) =>
  Object.values(report.events).reduce((total, count) => total + count, 0) +
  report.merged +
  report.noEvent +
  report.duplicates +
  report.noTenant +
  report.unreadableTotal

const eventsIn = async (tenantId: string) => {
  const page = await database.db.withTenants([tenantId], (tx) =>
    pageOfEvents(tx, { tenantIds: [tenantId], first: 100 }),
  )
  return page.events
}
const auditIn = async (tenantId: string) => {
  const page = await database.db.withTenants([tenantId], (tx) => pageOfAuditEntries(tx, tenantId, { first: 100 }))
  return page.entries
}

describe('importing a file', () => {
  test('stores what can be read, names what cannot by line, and loses nothing for one bad line', async () => {
    const OrganizationId = freshTenant()
    const report = await importTexts([
      JSON.stringify(signInRecord('UserLoggedIn', { OrganizationId })),
      '{"cut off',
      '',
      '[]',
      JSON.stringify({ Id: 'no time', OrganizationId }),
      JSON.stringify(mailboxRecord('MailItemsAccessed', { OrganizationId })),
      JSON.stringify(signInRecord('UserLoggedIn', { OrganizationId: undefined })),
    ])
    expect(report).toMatchObject({
      lines: 6,
      events: { USER_ACTIVITY: 1 },
      noEvent: 1,
      noTenant: 1,
      unreadableTotal: 3,
      unreadable: [
        { line: 2, problem: 'The line is no JSON.' },
        { line: 4, problem: 'The record is no JSON object.' },
        { line: 5, problem: 'CreationTime is missing.' },
      ],
    })
    expect(sum(report)).toBe(report.lines)
    expect(await eventsIn(OrganizationId)).toMatchObject([{ type: 'USER_ACTIVITY', source: 'IMPORT' }])
  })

  test('a second time adds nothing, in any order and also to the audit', async () => {
    const OrganizationId = freshTenant()
    const texts = [
      consentRecord({ OrganizationId }),
      delegatedGrantRecord({ OrganizationId }),
      mailboxRecord('MailItemsAccessed', { OrganizationId }),
    ].map((record) => JSON.stringify(record))
    const first = await importTexts(texts)
    expect(first).toMatchObject({ events: { USER_CONSENTED_TO_APP: 1 }, merged: 1, noEvent: 1, duplicates: 0 })
    const second = await importTexts(texts.toReversed())
    expect(second).toMatchObject({ events: {}, merged: 0, noEvent: 0, duplicates: 3 })
    expect(await eventsIn(OrganizationId)).toHaveLength(1)
    expect(await auditIn(OrganizationId)).toMatchObject([
      {
        name: 'events.imported',
        operator: null,
        details: { source: 'IMPORT', events: { USER_CONSENTED_TO_APP: 1 }, merged: 1 },
      },
    ])
  })

  test('makes one event of a consent and its companions, whichever comes first', async () => {
    for (const reversed of [false, true]) {
      const OrganizationId = freshTenant()
      const records = [
        consentRecord({ OrganizationId }),
        delegatedGrantRecord({ OrganizationId, CreationTime: '2026-01-31T07:34:52' }),
      ]
      // One import for each, so that neither order is a matter of one batch.
      for (const record of reversed ? records.toReversed() : records) await importTexts([JSON.stringify(record)])
      const events = await eventsIn(OrganizationId)
      expect(events.map(({ type }) => type)).toEqual(['USER_CONSENTED_TO_APP'])
      expect(events[0]?.subjects.map(({ type }) => type).toSorted()).toEqual(['APPLICATION', 'USER'])
      expect(events[0]?.subjects.find(({ type }) => type === 'APPLICATION')?.attributes).toMatchObject({
        displayName: 'Sample App',
      })
    }
  })

  test('introduces an unknown tenant as not connected, by its own name, and renames no known one', async () => {
    const [fresh, known] = [freshTenant(), freshTenant()]
    await database.db.withTenants([known], (tx) =>
      upsertTenant(tx, { id: known, name: 'Litware', status: 'CONNECTED' }),
    )
    const report = await importTexts(
      [fresh, known].map((OrganizationId) => JSON.stringify(mailboxRecord('Send', { OrganizationId }))),
    )
    expect(report.tenants).toEqual([
      { id: fresh, name: 'contoso.onmicrosoft.com', isNew: true },
      { id: known, name: 'Litware', isNew: false },
    ])
    const rows = await database.db.withTenants([fresh, known], (tx) => tenantsByIds(tx, [fresh, known]))
    expect(rows.map(({ status }) => status).toSorted()).toEqual(['CONNECTED', 'NOT_CONNECTED'])
  })

  test('gives a tenant to records without one', async () => {
    const tenantId = freshTenant()
    const report = await importTexts([JSON.stringify(signInRecord('UserLoggedIn', { OrganizationId: undefined }))], {
      tenantId,
    })
    expect(report).toMatchObject({ noTenant: 0, tenants: [{ id: tenantId }] })
  })

  test('shows progress after every batch, and keeps what was stored when it breaks off', async () => {
    const OrganizationId = freshTenant()
    const record = (index: number) =>
      JSON.stringify(signInRecord('UserLoggedIn', { OrganizationId, Id: `record ${index}` }))
    const texts = Array.from({ length: 1200 }, (_, index) => record(index))
    async function* breaking(): AsyncGenerator<ImportLine> {
      yield* lines(texts.slice(0, 700))
      throw new Error('The file ends in the middle.')
    }
    await expect(importRecords({ db: database.db, now }, breaking(), { source: 'IMPORT' })).rejects.toThrow(
      'in the middle',
    )
    expect(await auditIn(OrganizationId)).toMatchObject([{ details: { events: { USER_ACTIVITY: 500 } } }])
    const seen: number[] = []
    const report = await importTexts(texts, { onProgress: ({ lines: count }) => seen.push(count) })
    expect(report).toMatchObject({ events: { USER_ACTIVITY: 700 }, duplicates: 500 })
    expect(seen).toEqual([500, 1000, 1200])
  })

  test('survives text that no database holds', async () => {
    const OrganizationId = freshTenant()
    const report = await importTexts([
      `{"CreationTime":"2026-01-31T07:34:51","Id":"a\\u0000b\\ud800","OrganizationId":"${OrganizationId}","Operation":"x\\u0000\\ud800","UserId":"a\\u0000\\ud800@contoso.com"}`,
      JSON.stringify(directoryRecord('Add user.', { DisplayName: '\u0000\ud800' }, { ...onUser(), OrganizationId })),
    ])
    expect(report).toMatchObject({ events: { USER_ACTIVITY: 2 }, unreadableTotal: 0 })
  })
})

warnIfNotPublished()

test.skipIf(!isPublishedThere)('every published file imports whole, and a second time adds nothing', async () => {
  const totals = { first: 0, second: 0 }
  for (const round of ['first', 'second'] as const) {
    for (const name of publishedFiles()) {
      const lines = linesOf(createReadStream(join(publishedFolder, name)))
      const report = await importRecords({ db: database.db, now }, lines, { source: 'IMPORT', tenantId: litware })
      totals[round] += report.lines
      expect(report).toMatchObject({ unreadableTotal: 0, noTenant: 0 })
      expect(sum(report)).toBe(report.lines)
      if (round === 'second') expect(report.duplicates).toBe(report.lines)
      else expect(report.duplicates).toBe(0)
    }
  }
  expect(totals).toEqual({ first: 1071, second: 1071 })
})

describe('the mutation', () => {
  const operator = {
    id: crypto.randomUUID(),
    kind: 'PERSON',
    displayName: 'Alex',
    tenantId: contoso,
    objectId: null,
    email: null,
  } as const
  const contextWith = (roles: Record<string, readonly Role[]>) =>
    ({
      db: database.db,
      now,
      operator,
      clientId: '99999999-9999-4999-8999-999999999999',
      access: {
        tenantIds: Object.keys(roles),
        can: (tenantId: string, role: Role) => roles[tenantId]?.includes(role) ?? false,
        rolesIn: (tenantId: string) => roles[tenantId] ?? [],
      },
    }) satisfies Pick<ServiceContext, 'db' | 'now' | 'operator' | 'access' | 'clientId'>

  test('answers for each record, in order, and stores only where the caller may', async () => {
    const [may, sees, stranger] = [freshTenant(), freshTenant(), freshTenant()]
    const record = (OrganizationId: string | undefined, Id: string) =>
      signInRecord('UserLoggedIn', { OrganizationId, Id })
    const results = await importAuditRecords(contextWith({ [may]: ['Events.Ingest'], [sees]: ['Events.Read'] }), [
      record(may, 'a'),
      record(sees, 'b'),
      record(stranger, 'c'),
      record(undefined, 'd'),
      'no record',
      record(may, 'a'),
      mailboxRecord('MailItemsAccessed', { OrganizationId: may }),
    ])
    expect(results.map(({ index, outcome }) => `${index} ${outcome}`)).toEqual([
      '0 EVENT',
      '1 NOT_ALLOWED',
      '2 NOT_FOUND',
      '3 NO_TENANT',
      '4 UNREADABLE',
      '5 DUPLICATE',
      '6 NO_EVENT',
    ])
    expect(results[0]).toMatchObject({ tenantId: may, eventId: eventOf(record(may, 'a')).id, problem: null })
    expect(results[2]).toEqual({
      index: 2,
      outcome: 'NOT_FOUND',
      tenantId: null,
      eventId: null,
      problem: 'There is no such tenant.',
    })
    expect(await eventsIn(sees)).toEqual([])
    expect(await eventsIn(stranger)).toEqual([])
    expect(await auditIn(may)).toMatchObject([
      { name: 'events.imported', operator: { id: operator.id, displayName: 'Alex' } },
    ])
  })

  test('refuses more than 1,000 records', async () => {
    const tooMany = Array.from({ length: 1001 }, () => ({}))
    await expect(importAuditRecords(contextWith({}), tooMany)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
