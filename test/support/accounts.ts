/** Whether what happened in a tenant, what its runs say and what the audit says are one and the same. */
import { expect } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import type { JournalEntry } from '../../simulator/engine-types.ts'
import type { Arrival, SimulatorOptions } from '../../simulator/server.ts'
import type { Services } from '../../src/context.ts'
import { type AuditEntryRow, pageOfAuditEntries } from '../../src/db/audit.ts'
import { canary } from './canary/canary.ts'
import type { CrashScene } from './crash-scenes.ts'
import type { Crossings } from './crossings.ts'
import type { TestMicrosoft } from './microsoft.ts'
import { ownerSql } from './owner-sql.ts'
import type { TestDatabase } from './postgres.ts'

/** A call that an intent announces. */
interface Announced {
  service: string
  method: string
  path: string
}

export interface Watched {
  /** Given to the simulator. */
  around: NonNullable<SimulatorOptions['around']>
  /** Calls that changed a tenant without an intent that was committed when they arrived. */
  unannounced: string[]
  /** From now on intents are looked up there. */
  readFrom(surroundings: { microsoft: TestMicrosoft; services: Services }): void
}

/** Every call and mail on its way to the simulated Microsoft 365: counted for who watches, and compared with the intents. */
export function watched(crossings: Crossings): Watched {
  let surroundings: { microsoft: TestMicrosoft; services: Services } | null = null
  const unannounced: string[] = []

  async function compare(tenantId: string, pathname: string, effect: () => Promise<void>): Promise<void> {
    if (!surroundings) return effect()
    const { microsoft, services } = surroundings
    const announced = (await intentsOf(services, tenantId)).flatMap(({ details }) => details['calls'] as Announced[])
    const before = microsoft.journal().at(-1)?.seq ?? 0
    try {
      await effect()
    } finally {
      for (const entry of microsoft.journal(before)) {
        // Another call may have come while this one was held up.
        if (entry.tenantId !== tenantId || !isWrite(entry) || !pathname.endsWith(entry.path)) continue
        if (!announced.some((call) => isSameCall(call, entry))) unannounced.push(nameOf(entry))
      }
    }
  }

  return {
    unannounced,
    readFrom(given) {
      surroundings = given
    },
    around(arrival: Arrival, effect) {
      if ('mailTo' in arrival) return crossings.cross(arrival.mailTo.join(), 'mail', effect)
      const { method, url, headers } = arrival.request
      const { pathname } = new URL(url)
      const token = tokenOf(headers.get('authorization'))
      const tenantId = token?.tid
      const isRead = method === 'GET' || pathname.endsWith('/$batch')
      const what = `${method} ${pathname.replaceAll(/[^/]{30,}/g, '…')}`
      return crossings.cross(`${tenantId} ${pathname}`, what, () =>
        tenantId && !isRead ? compare(tenantId, pathname, effect) : effect(),
      )
    },
  }
}

function tokenOf(authorization: string | null): { tid: string } | null {
  const [, payload] = authorization?.replace('Bearer ', '').split('.') ?? []
  return payload ? JSON.parse(Buffer.from(payload, 'base64url').toString()) : null
}

const isWrite = ({ service, mutates }: JournalEntry) => mutates && (service === 'graph' || service === 'exchange')

const isSameCall = ({ service, method, path }: Announced, entry: JournalEntry): boolean =>
  service === 'EXCHANGE'
    ? entry.cmdlet?.CmdletName === method && Object.values(entry.cmdlet.Parameters ?? {}).includes(path)
    : entry.method === method && decodeURIComponent(entry.path) === path

const nameOf = ({ method, path, cmdlet }: JournalEntry): string =>
  cmdlet ? `${cmdlet.CmdletName} ${JSON.stringify(cmdlet.Parameters)}` : `${method} ${path}`

const entriesOf = async ({ db }: Services, tenantId: string): Promise<AuditEntryRow[]> =>
  (await db.withTenants([tenantId], (tx) => pageOfAuditEntries(tx, tenantId, { first: 200 }))).entries.toReversed()

const intentsOf = async (services: Services, tenantId: string) =>
  (await entriesOf(services, tenantId)).filter(({ name }) => name === 'remediation.started')

interface StoredStep {
  run: string
  status: string
  ended: Date | null
  kind: string
  state: string
  started: Date | null
}

/** Of these tenants, by tenant. */
export async function storedRuns(
  database: TestDatabase,
  scenes: readonly CrashScene[],
): Promise<Map<string, StoredStep[]>> {
  const rows = await ownerSql(
    database,
    `select r.tenant_id as tenant, r.id as run, status, r.ended_at as ended, kind, state, started_at as started
     from remediation_run r join remediation_step s on s.tenant_id = r.tenant_id and s.run_id = r.id
     where r.tenant_id in (${scenes.map(({ tenant }) => `'${tenant.id}'`).join()}) order by r.id, position`,
  )
  return Map.groupBy(rows as unknown as (StoredStep & { tenant: string })[], ({ tenant }) => tenant)
}

const outcomes = ['confirmed', 'accepted', 'skipped', 'failed', 'unknown', 'settled'].map(
  (name) => `remediation.${name}`,
)
const stateIn = ({ name, details }: AuditEntryRow): string =>
  name === 'remediation.settled' ? String(details['state']) : name.replace('remediation.', '').toUpperCase()
const isOpen = (state: string) => state === 'ACCEPTED' || state === 'UNKNOWN'

export interface AccountsOf {
  microsoft: TestMicrosoft
  services: Services
  steps: readonly StoredStep[]
  /** Writes may be tried again: Microsoft failed on some. */
  isFaulty: boolean
  because: string
  outcomeWithinMs?: number
}

/** One run, ended; each step's state is the tenant's, each intent has its outcome, and nothing was done twice. */
export async function expectOneAccount(scene: CrashScene, given: AccountsOf): Promise<void> {
  const { microsoft, services, steps, isFaulty, because, outcomeWithinMs = 60_000 } = given
  const { tenant, script, email } = scene
  expect(new Set(steps.map(({ run }) => run)).size, because).toBe(1)
  const trail = await entriesOf(services, tenant.id)
  expect(
    trail.filter(({ name }) => name === 'remediation.requested'),
    because,
  ).toHaveLength(1)
  for (const { kind, state, started, ended } of steps) {
    const about = `${kind} ${state}: ${because}`
    expect(ended, about).not.toBeNull()
    expect(['CONFIRMED', 'FAILED'], about).toContain(state)
    expect(scene.isDone(kind), about).toBe(state === 'CONFIRMED')
    const own = trail.filter((entry) => entry.kind === kind)
    const intents = own.filter(({ name }) => name === 'remediation.started')
    const ends = own.filter(({ name }) => outcomes.includes(name))
    expect(intents.length > 0, about).toBe(started !== null)
    // What was open is told once for each state on the way; what is certain is told once.
    const states = ends.map(stateIn)
    expect(new Set(states).size, `${states} ${about}`).toBe(states.length)
    expect(
      states.filter((one) => !isOpen(one)),
      about,
    ).toEqual([state])
    const [intent] = intents
    const [first] = ends
    if (intent && first) expect(first.at.getTime() - intent.at.getTime(), about).toBeLessThan(outcomeWithinMs)
  }
  const writes = microsoft.journal().filter((entry) => entry.tenantId === tenant.id && isWrite(entry))
  const announced = (await intentsOf(services, tenant.id)).flatMap(({ details }) => details['calls'] as Announced[])
  for (const [name, same] of Map.groupBy(writes, nameOf)) {
    const [write] = same
    if (!write) continue
    // The account is one address for disabling it and for its password.
    const times = announced.filter((call) => isSameCall(call, write)).length
    expect(same.length, `${name}: ${because}`).toBeLessThanOrEqual(times * (isFaulty ? 3 : 1))
  }
  expect(scene.passwordsSet(), because).toBeLessThanOrEqual(1)
  const mails = microsoft.world.mails.filter(({ to }) => to.includes(email))
  expect(mails.length, because).toBeLessThanOrEqual(1)
  if (script.makesPassword && mails.length > 0) {
    canary.mailAskedFor({ to: email, password: userOf(tenant, 'Ada').password })
  }
}
