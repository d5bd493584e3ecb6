import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { cmdletRecord, directoryRecord, onUser } from '../../../test/support/audit-records.ts'
import { aScene, type Scene } from '../../../test/support/remediations.ts'
import { pageOfEvents } from '../../db/events.ts'
import { importRecords } from './import.ts'
import { importAuditRecords } from './import-audit-records.ts'
import { loadSnapshots, refreshSnapshot, tryToRefreshSnapshot, unknownSnapshot } from './snapshot.ts'

let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    people: [person('Ada')],
    change: ({ domains }) => {
      domains.push({ id: 'Contoso.co.uk', isInitial: false, authenticationType: 'Managed' })
      domains.push({ id: 'fabrikam.com', isInitial: false, authenticationType: 'Managed', isVerified: false })
    },
  })
})
afterAll(() => scene?.close())

const loaded = async (seenBy = scene.tenant.id) => {
  const snapshots = await scene.db.withTenants([seenBy], (tx) => loadSnapshots(tx, [scene.tenant.id]))
  return snapshots.get(scene.tenant.id) ?? unknownSnapshot
}
const ownPrincipalId = async () => {
  const { clientId } = await scene.as()
  return scene.tenant.servicePrincipals.find(({ appId }) => appId === clientId)?.id
}
const forwardTo = (address: string, Id: string) =>
  cmdletRecord(
    'Set-Mailbox',
    { ForwardingSmtpAddress: `smtp:${address}` },
    { Id, OrganizationId: scene.tenant.id, ObjectId: 'ada', UserId: 'ada@contoso.com' },
  )
const disabledByOurs = async () =>
  directoryRecord(
    'Disable account.',
    {},
    { ...onUser(), OrganizationId: scene.tenant.id, UserId: `ServicePrincipal_${await ownPrincipalId()}`, Actor: [] },
  )

async function importInto(records: readonly object[]) {
  async function* lines() {
    for (const [index, record] of records.entries()) yield { line: index + 1, text: JSON.stringify(record) }
  }
  return importRecords({ db: scene.db, now: () => new Date() }, lines(), { source: 'IMPORT' })
}

const reasonsOf = async (recordId: string) => {
  const { id: tenantId } = scene.tenant
  const { events } = await scene.db.withTenants([tenantId], (tx) =>
    pageOfEvents(tx, { tenantIds: [tenantId], filter: { sourceRecordId: recordId }, first: 2 }),
  )
  return events.flatMap(({ reasons }) => reasons).join(' ')
}

test('of a tenant that nobody asked yet nothing is known, and its events say so', async () => {
  expect(await loaded()).toEqual(unknownSnapshot)
  const report = await importInto([forwardTo('pia@contoso.co.uk', 'before'), await disabledByOurs()])
  expect(report.events).toEqual({ EXTERNAL_MAIL_FORWARDING: 1, ACCOUNT_DISABLED: 1 })
  expect(await reasonsOf('before')).toContain('domains are not known')
})

test('a failed refresh changes nothing, and only the log tells', async () => {
  const services = await scene.as()
  scene.microsoft.fault({ fault: 'status', path: '/domains', times: 2, args: { status: 403 } })
  const told: string[] = []
  const log = { warn: (_: object, message: string) => void told.push(message) }
  await expect(refreshSnapshot(services, scene.tenant.id)).rejects.toMatchObject({ name: 'UpstreamError' })
  await tryToRefreshSnapshot({ ...services, log }, scene.tenant.id)
  expect(told).toEqual(["The tenant's domains could not be read"])
  expect(await loaded()).toEqual(unknownSnapshot)
})

test('Microsoft names the verified domains and our own application, in one batch', async () => {
  const services = await scene.as()
  const before = scene.microsoft.journal().length
  const fresh = await refreshSnapshot(services, scene.tenant.id)
  expect(fresh).toEqual({
    domains: new Set(['contoso.onmicrosoft.com', 'contoso.com', 'contoso.co.uk']),
    ownIds: new Set([services.clientId, await ownPrincipalId()]),
  })
  expect(await loaded()).toEqual(fresh)
  const calls = scene.microsoft.journal().slice(before)
  expect(calls.filter(({ service, batchId }) => service === 'graph' && batchId === null)).toHaveLength(1)
})

test('both imports read records by it', async () => {
  const report = await importInto([
    forwardTo('pia@contoso.co.uk', 'inside'),
    forwardTo('x@fabrikam.com', 'unverified'),
    { ...(await disabledByOurs()), Id: 'ours' },
  ])
  expect(report).toMatchObject({ events: { USER_ACTIVITY: 1, EXTERNAL_MAIL_FORWARDING: 1 }, noEvent: 1 })
  expect(await reasonsOf('unverified')).toBe(
    'x@fabrikam.com is outside the organisation. The mailbox keeps no copy, so its owner misses the mail.',
  )
  const results = await importAuditRecords(await scene.as(), [
    forwardTo('pia@contoso.co.uk', 'inside too'),
    { ...(await disabledByOurs()), Id: 'ours too' },
  ])
  expect(results.map(({ outcome }) => outcome)).toEqual(['EVENT', 'NO_EVENT'])
  expect(await reasonsOf('inside too')).toBe('')
})

test('it follows the tenant: a domain that is gone is outside again', async () => {
  scene.tenant.domains = scene.tenant.domains.filter(({ id }) => id !== 'Contoso.co.uk')
  await refreshSnapshot(await scene.as(), scene.tenant.id)
  expect((await loaded()).domains).toEqual(new Set(['contoso.onmicrosoft.com', 'contoso.com']))
})

test('another tenant’s is not seen', async () => {
  expect(await loaded(crypto.randomUUID())).toEqual(unknownSnapshot)
})
