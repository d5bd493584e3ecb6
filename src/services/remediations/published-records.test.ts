/** What is offered on real audit records, held against a reading of its own. */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import {
  isPublishedThere,
  type PublishedRecord,
  publishedFiles,
  publishedFolder,
  publishedRecords,
  warnIfNotPublished,
} from '../../../test/support/published-records.ts'
import { type PublishedTarget, publishedTarget, resourceOf } from '../../../test/support/published-targets.ts'
import { pageOfEvents, type StoredEvent } from '../../db/events.ts'
import { importRecords } from '../events/import.ts'
import { linesOf } from '../events/lines.ts'
import type { Subject } from '../events/types.ts'
import { offeredEntries } from './judge.ts'

warnIfNotPublished()

interface Offer {
  kind: string
  subject: Subject
}

/** Graph, Azure AD Graph, Exchange, SharePoint and the Management API. */
const knownResources = [
  '00000003-0000-0000-c000-000000000000',
  '00000002-0000-0000-c000-000000000000',
  '00000002-0000-0ff1-ce00-000000000000',
  '00000003-0000-0ff1-ce00-000000000000',
  'c5393580-f805-4401-95e8-94b7a6ef2fc2',
]

describe.skipIf(!isPublishedThere)('on the published records', () => {
  const records = publishedRecords()
  let database: TestDatabase
  let events: StoredEvent[]

  beforeAll(async () => {
    database = await aDatabase()
    const tenantIds = new Set<string>()
    for (const name of publishedFiles()) {
      const lines = linesOf(createReadStream(join(publishedFolder, name)))
      const report = await importRecords({ db: database.db, now: () => new Date() }, lines, { source: 'IMPORT' })
      for (const { id } of report.tenants) tenantIds.add(id)
    }
    events = []
    for (const tenantId of tenantIds) events.push(...(await eventsIn(tenantId)))
  })
  afterAll(() => database?.drop())

  async function eventsIn(tenantId: string, filter: { sourceRecordId?: string } = {}): Promise<StoredEvent[]> {
    const found: StoredEvent[] = []
    for (let after: string | undefined, hasNextPage = true; hasNextPage; after = found.at(-1)?.id) {
      const request = { tenantIds: [tenantId], filter, first: 500, after }
      const page = await database.db.withTenants([tenantId], (tx) => pageOfEvents(tx, request))
      found.push(...page.events)
      hasNextPage = page.hasNextPage
    }
    return found
  }

  /** Without the actions on people. */
  const removalsOn = (event: StoredEvent): Offer[] =>
    event.subjects.flatMap((subject) =>
      offeredEntries(event, subject)
        .filter(({ group }) => group !== 'BLOCK_USER')
        .map(({ kind }) => ({ kind, subject })),
    )

  const isMeant = ({ kind, attributes }: PublishedTarget, offer: Offer): boolean =>
    kind === offer.kind &&
    Object.entries(attributes).every(
      ([name, value]) => (offer.subject.attributes as Record<string, unknown>)[name] === value,
    )

  const eventOf = async ({ Id, OrganizationId = '' }: PublishedRecord): Promise<StoredEvent> => {
    const found = await eventsIn(OrganizationId, { sourceRecordId: Id ?? '' })
    const [event] = found
    if (!event || found.length > 1) throw new Error(`${found.length} events of record ${Id}`)
    return event
  }

  test('as many of each kind ask for a removal as the description of the data says', () => {
    const signs = records.flatMap((record) => publishedTarget(record)?.sign ?? [])
    const counts = Object.fromEntries([...Map.groupBy(signs, (sign) => sign)].map(([sign, all]) => [sign, all.length]))
    expect(counts).toEqual({
      consent: 13,
      'permission grant': 28,
      'permissions asked for': 11,
      credential: 7,
      owner: 8,
      'inbox rule': 2,
      'mailbox forwarding': 1,
      'mailbox access': 1,
    })
  })

  test('B3 B4 B5 each such record offers the removal of the very object that it names, and of no other', async () => {
    const asked = records.flatMap((record) => {
      const target = publishedTarget(record)
      return target ? [{ record, target }] : []
    })
    const expected = new Map<string, { event: StoredEvent; targets: PublishedTarget[] }>()
    for (const { record, target } of asked) {
      const event = await eventOf(record)
      const one = expected.get(event.id) ?? { event, targets: [] }
      one.targets.push(target)
      expected.set(event.id, one)
      const meant = removalsOn(event).filter((offer) => isMeant(target, offer))
      expect(meant, `${record.Operation} ${record.Id}: ${JSON.stringify(event.subjects)}`).toHaveLength(1)
    }
    for (const event of events) {
      const targets = expected.get(event.id)?.targets ?? []
      for (const offer of removalsOn(event)) {
        expect(
          targets.some((target) => isMeant(target, offer)),
          JSON.stringify({ type: event.type, offer }),
        ).toBe(true)
      }
    }
  })

  test('B3 the API that access was granted to is never a subject, and never offered for removal', () => {
    const resources = new Set([...records.flatMap(resourceOf), ...knownResources])
    expect(resources).toContain('Microsoft Graph')
    expect(resources).toContain('Office 365 Management APIs')
    expect(resources).toContain('Graph Connector Service')
    for (const { type, subjects } of events) {
      for (const subject of subjects) {
        if (subject.type !== 'APPLICATION') continue
        const names = Object.values(subject.attributes).filter((value) => resources.has(value))
        expect(names, `${type} ${JSON.stringify(subject)}`).toEqual([])
      }
    }
  })

  test('a failed consent, a forwarding that was cleared, and what the platform did itself offer no removal', async () => {
    const quiet = records
      .filter(
        ({ Operation = '', ResultStatus, UserType }) =>
          (Operation === 'Consent to application.' && ResultStatus === 'Failure') ||
          Operation === 'Set-Mailbox' ||
          (Operation === 'Add-MailboxPermission' && UserType === 3),
      )
      .filter((record) => publishedTarget(record) === null)
    expect(quiet.length).toBeGreaterThan(60)
    for (const { Id = '', OrganizationId = '' } of quiet) {
      const found = await eventsIn(OrganizationId, { sourceRecordId: Id })
      expect(found.flatMap(removalsOn), Id).toEqual([])
    }
  })
})
