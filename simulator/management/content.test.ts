import { afterEach, describe, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../../test/support/microsoft.ts'
import { callMicrosoft, type WireAnswer } from '../../test/support/microsoft-calls.ts'
import { anApplication, aTenant, aWorld, withApp } from '../builders.ts'
import type { AuditRecord } from '../sample/record-forms.ts'
import type { FeedSettings, Tenant } from '../world.ts'

const audience = 'https://manage.office.com'
const application = anApplication({ displayName: 'Caller', appRoles: [] })
const other = anApplication({ displayName: 'Other', appRoles: [] })
const hour = 3_600_000
const plain: FeedSettings = { delayMs: 1000, duplicates: false, shuffled: false, unknownRecords: false }

interface Item {
  contentType: string
  contentId: string
  contentUri: string
  contentCreated: string
  contentExpiration: string
}

let microsoft: TestMicrosoft
let tenant: Tenant
let clock: Date
afterEach(() => microsoft.close())

/** A tenant whose Exchange content both applications subscribed to a day ago. */
async function contoso(feed: FeedSettings = plain): Promise<void> {
  clock = new Date('2026-06-14T12:00:00.000Z')
  tenant = aTenant()
  for (const app of [application, other]) withApp(tenant, app, { permissions: ['ActivityFeed.Read'] })
  const world = aWorld({ tenants: [tenant], applications: [application, other], switches: { feed } })
  microsoft = await aMicrosoft(world, { now: () => clock })
  await start('Audit.Exchange')
  later(24 * hour)
}

function later(ms: number): void {
  clock = new Date(clock.getTime() + ms)
}

function send(method: string, path: string, appId = application.appId): Promise<WireAnswer> {
  const token = microsoft.token({ tenantId: tenant.id, appId, audience })
  return callMicrosoft(microsoft, path.replace(microsoft.url, ''), {
    method,
    headers: { Authorization: `Bearer ${token}` },
  })
}
const feed = (): string => `/api/v1.0/${tenant.id}/activity/feed`
const start = (type: string, appId?: string) => send('POST', `${feed()}/subscriptions/start?contentType=${type}`, appId)
const stop = (type: string) => send('POST', `${feed()}/subscriptions/stop?contentType=${type}`)
const content = (query = '', type = 'Audit.Exchange', appId = application.appId) =>
  send('GET', `${feed()}/subscriptions/content?contentType=${type}${query}`, appId)
const items = ({ body }: WireAnswer): Item[] => body as Item[]
const window = (startTime: string, endTime: string): string => `&startTime=${startTime}&endTime=${endTime}`
const at = (ms: number): string => new Date(clock.getTime() + ms).toISOString().slice(0, 19)
const refused = (status: number, code: string) => ({ status, body: { error: { code, message: expect.any(String) } } })

let made = 0
function aRecord(given: AuditRecord = {}): AuditRecord {
  made += 1
  return {
    CreationTime: at(0),
    Id: `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`,
    Operation: 'Set-Mailbox',
    OrganizationId: tenant.id,
    RecordType: 1,
    Workload: 'Exchange',
    ...given,
  }
}
const raise = (records: AuditRecord[], moment?: Date) => microsoft.simulator.raise(tenant.id, records, moment)
const idsOf = (records: readonly unknown[]): unknown[] => records.map((record) => (record as AuditRecord).Id)

/** Everything that the lists name, page by page, and what is in it. */
async function readAll(type = 'Audit.Exchange'): Promise<{ listed: Item[]; records: AuditRecord[]; pages: number }> {
  let answer = await content('', type)
  let pages = 1
  const listed = [...items(answer)]
  while (answer.headers.nextpageuri) {
    answer = await send('GET', String(answer.headers.nextpageuri))
    pages += 1
    listed.push(...items(answer))
  }
  const read = await Promise.all(listed.map(({ contentUri }) => send('GET', contentUri)))
  return { listed, records: read.flatMap(({ body }) => body as AuditRecord[]), pages }
}

describe('content', () => {
  test('lands after the delay, and is read as it was raised by the URL that its item names', async () => {
    await contoso()
    const record = aRecord({ Parameters: [{ Name: 'Identity', Value: 'ada' }] })
    raise([record])
    expect(await content()).toMatchObject({ status: 200, body: [] })
    later(1000)
    const [item] = items(await content())
    expect(item).toEqual({
      contentType: 'Audit.Exchange',
      contentId: expect.any(String),
      contentUri: `${microsoft.url}${feed()}/audit/${item?.contentId}`,
      contentCreated: clock.toISOString(),
      contentExpiration: new Date(clock.getTime() + 7 * 24 * hour).toISOString(),
    })
    expect(await send('GET', item?.contentUri ?? '')).toMatchObject({ status: 200, body: [record] })
    expect(await send('GET', item?.contentUri.replaceAll('$', '%24') ?? '')).toMatchObject({ status: 200 })
  })

  test('is of the type that the workload belongs to', async () => {
    await contoso()
    const types = ['Audit.AzureActiveDirectory', 'Audit.SharePoint', 'Audit.General']
    for (const type of types) await start(type)
    const workloads = ['AzureActiveDirectory', 'SharePoint', 'OneDrive', 'MicrosoftTeams', 'ThreatIntelligence']
    raise([...workloads, 'Exchange'].map((Workload) => aRecord({ Workload })))
    raise([aRecord({ RecordType: 13 })])
    later(2000)
    const workloadsOf = async (type: string) => (await readAll(type)).records.map(({ Workload }) => Workload)
    expect(await workloadsOf('Audit.AzureActiveDirectory')).toEqual(['AzureActiveDirectory'])
    expect(await workloadsOf('Audit.SharePoint')).toEqual(['SharePoint', 'OneDrive'])
    expect(await workloadsOf('Audit.General')).toEqual(['MicrosoftTeams', 'ThreatIntelligence'])
    expect(await workloadsOf('Audit.Exchange')).toEqual(['Exchange'])
  })

  test('what is listed never changes; what happens soon after goes into the same blob until then', async () => {
    await contoso()
    raise([aRecord()])
    later(500)
    raise([aRecord()])
    later(600)
    const [item, ...more] = items(await content())
    expect(more).toEqual([])
    const before = (await send('GET', item?.contentUri ?? '')).body
    expect(before).toHaveLength(2)
    raise([aRecord()])
    raise([aRecord()], new Date(clock.getTime() - 1000))
    later(2000)
    expect((await send('GET', item?.contentUri ?? '')).body).toEqual(before)
    expect((await readAll()).records).toHaveLength(4)
  })

  test('is refused when it is unknown, not there yet, older than seven days, or of a type without subscription', async () => {
    await contoso()
    expect(await send('GET', `${feed()}/audit/2026$nothing`)).toMatchObject(refused(400, 'AF20050'))
    const [blob] = raise([aRecord()])
    const uri = `${feed()}/audit/${blob?.contentId}`
    expect(await send('GET', uri)).toMatchObject(refused(400, 'AF20050'))
    later(2000)
    expect(await send('GET', uri, other.appId)).toMatchObject(refused(400, 'AF20022'))
    expect(await send('GET', uri)).toMatchObject({ status: 200 })
    later(7 * 24 * hour)
    expect(await send('GET', uri)).toMatchObject(refused(400, 'AF20051'))
  })

  test('nothing lands while auditing is off, and nothing of it later', async () => {
    await contoso()
    tenant.auditingDisabled = true
    expect(raise([aRecord()])).toEqual([])
    expect(await content()).toMatchObject(refused(400, 'AuditingDisabledTenant'))
    delete tenant.auditingDisabled
    later(5000)
    expect(items(await content())).toEqual([])
  })
})

describe('the time window', () => {
  test('holds its start and not its end, by when content landed and not by when things happened', async () => {
    await contoso()
    raise([aRecord({ CreationTime: '2026-06-01T00:00:00' })])
    later(hour)
    const landed = -hour + 1000
    expect(items(await content(window(at(landed), at(0))))).toHaveLength(1)
    expect(items(await content(window(at(landed), at(landed + 1000))))).toHaveLength(1)
    expect(items(await content(window(at(-2 * hour), at(landed))))).toEqual([])
  })

  test('is the last 24 hours when none is given', async () => {
    await contoso()
    raise([aRecord()])
    later(24 * hour)
    expect(items(await content())).toHaveLength(1)
    later(2000)
    expect(items(await content())).toEqual([])
  })

  test('may be written as a day, with minutes or with seconds, and in no other form', async () => {
    await contoso()
    raise([aRecord()], new Date('2026-06-15T09:00:00Z'))
    expect(items(await content(window('2026-06-15', '2026-06-16')))).toHaveLength(1)
    expect(items(await content(window('2026-06-15T09:00', '2026-06-15T09:01')))).toHaveLength(1)
    for (const form of ['2026-06-15T09:00:00Z', '2026-06-15T09:00:00.000', '15.6.2026', '2026-13-01', '']) {
      expect(await content(window(form, at(0)))).toMatchObject(refused(400, 'AF20002'))
    }
  })

  test('has both ends, in order, at most 24 hours apart, and begins at most seven days ago', async () => {
    await contoso()
    expect(await content(`&startTime=${at(-hour)}`)).toMatchObject(refused(400, 'AF20030'))
    expect(await content(`&endTime=${at(0)}`)).toMatchObject(refused(400, 'AF20030'))
    expect(await content(window(at(0), at(-hour)))).toMatchObject(refused(400, 'AF20030'))
    expect(await content(window(at(-24 * hour - 1000), at(0)))).toMatchObject(refused(400, 'AF20030'))
    expect(await content(window(at(-24 * hour), at(0)))).toMatchObject({ status: 200 })
    const week = -7 * 24 * hour
    expect(await content(window(at(week - 1000), at(week + hour)))).toMatchObject(refused(400, 'AF20055'))
    expect(await content(window(at(week), at(week + hour)))).toMatchObject({ status: 200 })
  })
})

describe('pages', () => {
  test('are followed by the header NextPageUri; what lands meanwhile neither shifts nor doubles them', async () => {
    await contoso({ ...plain, blobSize: 1, pageSize: 3 })
    raise(Array.from({ length: 7 }, () => aRecord()))
    later(1000)
    const first = await content()
    expect(items(first)).toHaveLength(3)
    raise(
      Array.from({ length: 7 }, () => aRecord()),
      new Date(clock.getTime() - 900),
    )
    later(500)
    const second = await send('GET', String(first.headers.nextpageuri))
    const third = await send('GET', String(second.headers.nextpageuri))
    expect(third.headers.nextpageuri).toBeUndefined()
    const seen = [first, second, third].flatMap(items).map(({ contentId }) => contentId)
    expect(new Set(seen).size).toBe(7)
  })

  test('a made-up page is AF20031', async () => {
    await contoso()
    expect(await content('&nextPage=2026')).toMatchObject(refused(400, 'AF20031'))
  })
})

describe('subscriptions', () => {
  test('content needs one that is enabled, of the application itself', async () => {
    await contoso()
    expect(await content('', 'Audit.General')).toMatchObject(refused(400, 'AF20022'))
    expect(await content('', 'Audit.Exchange', other.appId)).toMatchObject(refused(400, 'AF20022'))
    expect(await content('', 'Audit.Nothing')).toMatchObject(refused(400, 'AF20020'))
    await stop('Audit.Exchange')
    expect(await content()).toMatchObject(refused(400, 'AF20022'))
    for (const one of tenant.activitySubscriptions ?? [])
      Object.assign(one, { status: 'disabled', disabledByAdmin: true })
    expect(await content()).toMatchObject(refused(400, 'AF20023'))
  })

  test('the first start reaches back some hours; what lands between stop and start is lost', async () => {
    await contoso()
    raise([aRecord()])
    later(21 * hour)
    await start('Audit.Exchange', other.appId)
    expect(items(await content('', 'Audit.Exchange', other.appId))).toHaveLength(1)
    await stop('Audit.Exchange')
    raise([aRecord()])
    later(hour)
    await start('Audit.Exchange')
    expect(items(await content())).toEqual([])
    raise([aRecord()])
    later(1000)
    expect(items(await content())).toHaveLength(1)
  })
})

describe('as the real feed misbehaves', () => {
  const naughty: FeedSettings = { delayMs: 60_000, blobSize: 10, pageSize: 20 }

  test('duplicates, disorder and unknown types hide no record, and are the same in every run', async () => {
    const run = async () => {
      made = 0
      await contoso(naughty)
      const raised = Array.from({ length: 1000 }, () => aRecord())
      raise(raised)
      later(180_000)
      return { raised, ...(await readAll()) }
    }
    const { raised, listed, records, pages } = await run()
    expect(pages).toBeGreaterThan(4)
    expect(new Set(listed.map(({ contentId }) => contentId)).size).toBeLessThan(listed.length)
    const created = listed.map(({ contentCreated }) => contentCreated)
    expect(created).not.toEqual(created.toSorted())

    const known = records.filter(({ RecordType }) => RecordType === 1)
    expect(records.length).toBeGreaterThan(known.length)
    expect(new Set(idsOf(known))).toEqual(new Set(idsOf(raised)))
    expect(known.length).toBeGreaterThan(raised.length)
    expect(idsOf(known.slice(0, 20))).not.toEqual(idsOf(known.slice(0, 20)).toSorted())

    await microsoft.close()
    expect((await run()).listed.map(({ contentId }) => contentId)).toEqual(listed.map(({ contentId }) => contentId))
  })

  test('throttling with and without Retry-After, and internal errors', async () => {
    await contoso()
    microsoft.fault({ fault: 'throttle', service: 'management', path: 'content', args: { retryAfter: 7 } })
    expect(await content()).toMatchObject({ ...refused(429, 'AF429'), headers: { 'retry-after': '7' } })
    microsoft.fault({ fault: 'throttle', service: 'management', path: '/audit/' })
    raise([aRecord()])
    later(1000)
    const [item] = items(await content())
    const throttled = await send('GET', item?.contentUri ?? '')
    expect(throttled).toMatchObject(refused(429, 'AF429'))
    expect(throttled.headers['retry-after']).toBeUndefined()
    microsoft.fault({ fault: 'status', service: 'management', args: { status: 500 } })
    expect(await content()).toMatchObject(refused(500, 'AF50000'))
  })
})

test('records of before are content of the first subscription to their type, whenever it starts, and only once', async () => {
  await contoso({ ...plain, blobSize: 1 })
  await microsoft.close()
  const old = Array.from({ length: 30 }, () => aRecord({ Workload: 'SharePoint', CreationTime: '2026-06-03T00:00:00' }))
  const elsewhere = aRecord({ Workload: 'SharePoint', OrganizationId: '00000000-0000-4000-8000-000000000000' })
  const options = { now: () => clock, auditRecords: () => [...old, aRecord(), elsewhere] }
  microsoft = await aMicrosoft(microsoft.world, options)
  later(72 * hour)
  await start('Audit.SharePoint')
  const { listed, records } = await readAll('Audit.SharePoint')
  expect(idsOf(records).toSorted()).toEqual(idsOf(old))
  const ages = listed.map(({ contentCreated }) => clock.getTime() - Date.parse(contentCreated))
  expect(Math.max(...ages)).toBeLessThan(22 * hour)

  await start('Audit.SharePoint', other.appId)
  await stop('Audit.SharePoint')
  await start('Audit.SharePoint')
  expect(items(await content('', 'Audit.SharePoint'))).toEqual([])
  expect(items(await content('', 'Audit.SharePoint', other.appId))).toHaveLength(30)
})
