/**
 * P1, P2, P20: waves and requests of pages, counted at the fake Microsoft 365: one tenant, cold and warm; three tenants in which everything
 * happens, one item in twenty throttled; and one throttled item in a batch.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { aTenant, aWorld, person, userOf, withApp } from '../simulator/builders.ts'
import { delegatedPermissions } from '../simulator/sample/application.ts'
import { grantAccess, upsertOperator } from '../src/db/operators.ts'
import { addPageObjects, pagePeople, pageRecords } from '../test/support/mixed-page.ts'
import { withDatabases } from './databases.ts'
import { type Goal, type Line, report } from './goals.ts'
import { ask, load } from './load.ts'
import { readOptions } from './options.ts'
import { storeEvents } from './pages/scene.ts'
import { aPageWorld, application, pageQuery } from './pages/world.ts'
import { startOurs } from './servers/ours.ts'
import type { Entry } from './upstream/process.ts'
import { startUpstream } from './upstream/upstream.ts'

const options = readOptions()
/** So late that all of a wave is there before its first answer. */
const latencyMs = 400
const retryAfterSeconds = 2

const lines: Line[] = []
const note = (goal: Goal | undefined, what: string, value: number, limit?: Line['limit']) =>
  lines.push({ goal, what, values: Number.isFinite(value) ? [value] : [], limit })

const page = (first: number) => JSON.stringify({ query: pageQuery, variables: { first } })

/** A request that left after an answer had come belongs to the next wave. */
function wavesOf(entries: readonly Entry[]): number {
  if (entries.length === 0) return 0
  const firstAnswer = Math.min(...entries.map(({ answeredAt }) => answeredAt))
  return 1 + wavesOf(entries.filter(({ at }) => at >= firstAnswer))
}

/** Of each wave: what a wave asks for is known only after the one before. */
function boundOfWaves(entries: readonly Entry[]): number {
  if (entries.length === 0) return 0
  const firstAnswer = Math.min(...entries.map(({ answeredAt }) => answeredAt))
  const isLater = ({ at }: Entry) => at >= firstAnswer
  return boundOf(entries.filter((entry) => !isLater(entry))) + boundOfWaves(entries.filter(isLater))
}

const itemsOf = (entries: readonly Entry[]) =>
  entries.flatMap(({ token, items }) => items.map((item) => ({ ...item, key: `${token} ${item.key}` })))

/** How many items were asked for again although they had been answered. */
function twice(entries: readonly Entry[]): number {
  const answered = itemsOf(entries).filter(({ throttled }) => !throttled)
  return answered.length - new Set(answered.map(({ key }) => key)).size
}

/** The fewest requests that carry the items; no batch goes to two tenants. */
function boundOf(entries: readonly Entry[]): number {
  const bounds = [...Map.groupBy(entries, ({ token, service }) => `${service} ${token}`).values()].map((of) => {
    const items = itemsOf(of)
    const mailboxes = items.filter(({ mailbox }) => mailbox).length
    return of[0]?.service === 'exchange'
      ? Math.ceil(items.length / 10)
      : Math.max(Math.ceil(items.length / 20), Math.ceil(mailboxes / 4))
  })
  return bounds.reduce((sum, bound) => sum + bound, 0)
}

await withDatabases(async ({ make }) => {
  const base = await make()
  const one = aPageWorld(options)
  const people = [person('Ada'), person('Gloria', { roles: ['Global Administrator'] }), ...pagePeople]
  const many = ['Fabrikam', 'Tailspin', 'Woodgrove'].map((name) => {
    const tenant = aTenant({ name, people })
    addPageObjects(tenant)
    withApp(tenant, application, {
      delegated: delegatedPermissions,
      roles: ['Exchange Administrator'],
      people: { Ada: ['Events.Read', 'Remediations.User', 'Remediations.AppsAndRules'] },
    })
    return tenant
  })
  const upstream = await startUpstream(aWorld({ ...one.world, tenants: [one.tenant, ...many] }))
  await storeEvents(
    base.db,
    [one.tenant, ...many],
    [...one.records, ...many.flatMap((tenant) => pageRecords(tenant, new Date()))],
  )
  const ours = await startOurs({ upstream, databaseUrl: base.url, token: await upstream.token(one.analyst) })
  try {
    const seen = async (of: Promise<unknown>) => {
      await of
      return upstream.journal()
    }
    // Answers are recorded first, so that none is late by itself.
    await ask(ours, page(options.events))
    await upstream.set({ latencyMs, journal: true })
    await sleep(3_500)
    const cold = await seen(ask(ours, page(options.events)))
    await sleep(500)
    const warm = await seen(ask(ours, page(options.events)))
    note('P1', `waves of ${options.events} events, the tenant's roster cold`, wavesOf(cold), { atMost: 3 })
    note('P1', `waves of ${options.events} events, the tenant's roster warm`, wavesOf(warm), { atMost: 1 })
    note('P2', 'requests over the bound of their waves, cold', cold.length / boundOfWaves(cold), { atMost: 1 })
    note('P2', 'requests over the bound of their items, warm', warm.length / boundOf(warm), { atMost: 1 })
    note('P2', 'items asked for twice', twice(cold) + twice(warm), { atMost: 0 })
    note(undefined, 'requests of the warm page', warm.length)

    // The same page for two operations in flight: what is of the whole tenant is read once.
    await sleep(3_500)
    const [together] = await Promise.all([
      seen(Promise.all([ask(ours, page(options.events)), ask(ours, page(options.events))])),
    ])
    const ofTenant = itemsOf(together).filter(({ key }) => /roleAssignments|servicePrincipals|\/groups\b/.test(key))
    note(
      'P2',
      'whole-tenant items asked for twice by two operations in flight',
      ofTenant.length - new Set(ofTenant.map(({ key }) => key)).size,
      { atMost: 0 },
    )

    // One throttled item: only it leaves again, after its own delay, and the page of somebody else does not wait.
    await upstream.set({ latencyMs: 40, throttleEvery: 25, retryAfterSeconds })
    const begun = performance.now()
    const waiting = ask(ours, page(options.events)).then(() => performance.now() - begun)
    await sleep(100)
    const other = performance.now()
    await load(ours, { body: page(1), connections: 1, requests: 1 })
    const otherMs = performance.now() - other
    const wholeMs = await waiting
    const entries = await upstream.journal()
    const throttled = itemsOf(entries).filter((item) => item.throttled)
    const again = entries.filter(({ at, items }) => at - (entries[0]?.at ?? 0) > 1_000 && items.length > 0)
    const keys = new Set(throttled.map(({ key }) => key))
    const others = itemsOf(again).filter(({ key }) => !keys.has(key)).length
    const delay =
      Math.min(...again.map(({ at }) => at)) -
      Math.max(
        ...entries.filter((entry) => entry.items.some((item) => item.throttled)).map(({ answeredAt }) => answeredAt),
      )
    note(undefined, 'throttled items of the page', throttled.length)
    note('P20', 'items sent again that were not throttled', others, { atMost: 0 })
    note('P20', 'pause before they are sent again, over Retry-After', delay / (retryAfterSeconds * 1000), {
      atLeast: 1,
    })
    note('P20', 'the waiting page over Retry-After', wholeMs / (retryAfterSeconds * 1000), { atMost: 1.2 })
    note('P20', "somebody else's page meanwhile, over Retry-After", otherMs / (retryAfterSeconds * 1000), {
      atMost: 0.5,
    })

    await measureMany()
  } finally {
    await ours.stop()
    await upstream.stop()
    await base.close()
  }

  /** All types of events, three tenants, shared and absent mailboxes, one item in twenty throttled. */
  async function measureMany(): Promise<void> {
    const [home] = many
    if (!home) return
    const ada = { tenantId: home.id, userId: userOf(home, 'Ada').id }
    await base.db.plain(async (tx) => {
      const { id: operatorId } = await upsertOperator(tx, {
        kind: 'PERSON',
        tenantId: ada.tenantId,
        externalId: ada.userId,
        displayName: 'Ada',
      })
      for (const { id } of many) {
        await grantAccess(tx, {
          operatorId,
          tenantId: id,
          roles: ['Events.Read', 'Remediations.User'],
          grantedBy: 'bench',
        })
      }
    })
    const partner = { ...ours, headers: { authorization: `Bearer ${await upstream.token(ada)}` } }
    const { errors } = await ask<{ errors?: unknown }>(partner, page(100))
    if (errors) throw new Error(JSON.stringify(errors))
    await upstream.set({ latencyMs, throttleEvery: 0 })
    await sleep(3_500)
    await ask(partner, page(100))
    await upstream.journal()
    const plain = await upstream.journal().then(() => seenBy(page(100)))
    note('P1', '100 events of all types in three tenants: waves', wavesOf(plain), { atMost: 1 })
    note('P2', 'the same: requests over the bound of their items', plain.length / boundOf(plain), { atMost: 1 })
    note(undefined, 'the same: requests', plain.length)
    await ask(partner, page(100))
    await upstream.journal()
    await upstream.set({ throttleEvery: 20, retryAfterSeconds })
    const entries = await seenBy(page(100))
    const begun = Math.min(...entries.map(({ at }) => at))
    const first = entries.filter(({ at }) => at - begun < 1_000)
    const later = entries.filter(({ at }) => at - begun >= 1_000)
    const throttled = new Set(
      itemsOf(first)
        .filter((item) => item.throttled)
        .map(({ key }) => key),
    )
    note(undefined, 'with one item in twenty throttled: items throttled', throttled.size)
    note('P1', 'with one item in twenty throttled: waves, retries apart', wavesOf(first), { atMost: 1 })
    note(
      'P2',
      'with one item in twenty throttled: requests over the bound, retries apart',
      first.length / boundOf(first),
      { atMost: 1 },
    )
    note(
      'P2',
      'with one item in twenty throttled: requests of the retries over their bound',
      later.length / boundOf(later),
      { atMost: 1 },
    )
    note(
      'P20',
      'the same: items sent again that were not throttled',
      itemsOf(later).filter(({ key }) => !throttled.has(key)).length,
      { atMost: 0 },
    )
    note('P2', 'the same: items asked for twice', twice(entries), { atMost: 0 })

    async function seenBy(body: string): Promise<Entry[]> {
      await ask(partner, body)
      return upstream.journal()
    }
  }
})
report('requests', lines, { events: options.events, users: options.users, latencyMs, retryAfterSeconds })
