/**
 * The fault table: rows are ways in which Microsoft 365 fails a change, columns are remediations. What a cell expects follows from
 * what happened in the tenant and what the gateway can know of it; a column names its exceptions.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person, userOf } from '../../simulator/builders.ts'
import type { Tenant, User, World } from '../../simulator/world.ts'
import { clientTiming } from '../../src/clients/timing.ts'
import type { ServiceContext } from '../../src/context.ts'
import type { AuditEntryRow } from '../../src/db/audit.ts'
import type { StoredEvent } from '../../src/db/events.ts'
import { runById } from '../../src/db/runs.ts'
import type { SecurityEventType, SubjectCandidate } from '../../src/services/events/types.ts'
import type { StepFailureCode } from '../../src/services/remediations/codes.ts'
import { recoverRun } from '../../src/services/remediations/recover.ts'
import type { RemediationRun } from '../../src/services/remediations/types.ts'
import { productionTiming } from '../../src/timing.ts'
import { type FaultRow, faultRows } from './fault-rows.ts'
import { block, type Scene, type SceneOptions, someScenes } from './remediations.ts'

type StepState = 'CONFIRMED' | 'ACCEPTED' | 'FAILED' | 'UNKNOWN'

export interface Expectation {
  /** At the time of the answer. */
  state: StepState
  code: StepFailureCode | null
  hasRequestId: boolean
  /** Whether the tenant has the change by then. */
  isDone: boolean
  /** What recovery makes of it; null: nothing was left to find out. */
  settled: { state: StepState; code: StepFailureCode | null } | null
}

/** A remediation. */
export interface FaultColumn {
  kind: string
  /** Where a kind has more than one column. */
  variant?: string
  /** Of Ada. */
  ada?: Parameters<typeof person>[1]
  change?(tenant: Tenant, world: World): void
  /** Of the event; default: one that is about a person. */
  type?: SecurityEventType
  /** What the event is about; default: Ada. */
  about?(tenant: Tenant): SubjectCandidate
  /** What the sentences name, in lower case; default: `ada`. */
  named?: string
  /** False: it must never be sent twice. */
  repeatable?: false
  /** An administrator has to be signed in. */
  privileged?: true
  makesPassword?: true
  isDone(ada: User, tenant: Tenant): boolean
  /** What is kept before the change. */
  evidence: unknown
  /** Takes away what the call is about. */
  vanish(tenant: Tenant): void
  /** Default: `blockUser` with this kind alone. */
  act?(ctx: ServiceContext, event: StoredEvent): Promise<RemediationRun>
  /** By title of the row. */
  exceptions?: Record<string, Partial<Expectation>>
  moreRows?: readonly FaultRow[]
}

/** For `vanish`: Ada's account is deleted. */
export const leaves = (tenant: Tenant): void => {
  tenant.users = tenant.users.filter(({ displayName }) => displayName !== 'Ada')
}

const expectationOf = (row: FaultRow, column: FaultColumn): Expectation => ({
  ...rule(row, column),
  ...column.exceptions?.[row.title],
})

function rule(row: FaultRow, column: FaultColumn): Expectation {
  if (row.passes && column.repeatable !== false)
    return { state: 'CONFIRMED', code: null, hasRequestId: true, isDone: true, settled: null }
  const isDone = row.effect === 'AT_ONCE'
  const isSeen = isDone && !row.stale
  const base = { hasRequestId: row.hasRequestId, isDone, code: null, settled: null }
  // Nobody calls a change done that was not read, and nobody calls one failed that may have been done.
  if (isSeen) return { ...base, state: 'CONFIRMED' }
  if (row.told === 'REFUSED') return { ...base, state: 'FAILED', code: row.code }
  const settled: Expectation['settled'] =
    row.effect === 'NEVER' ? { state: 'FAILED', code: row.code } : { state: 'CONFIRMED', code: null }
  if (row.told === 'DONE') return { ...base, state: 'ACCEPTED', settled }
  return { ...base, state: 'UNKNOWN', code: row.code, settled }
}

/** Whether trying again with a new key can help (B30). */
const canBeTriedAgain: Partial<Record<StepFailureCode, boolean>> = {
  THROTTLED: true,
  TIMEOUT: true,
  UPSTREAM_ERROR: true,
  NOT_CONFIRMED: true,
  INSUFFICIENT_ROLE: false,
  NOT_FOUND: false,
}

/** What is seen of a run at one time. */
interface Glance {
  run: RemediationRun
  isDone: boolean
  tenant: Tenant
  writes: number
  audit: AuditEntryRow[]
}

interface Played {
  before: Tenant
  answered: Glance
  /** Right after the answer: what recovery cannot know yet it leaves as it is. */
  lookedAt: Glance
  /** When all that was under way has arrived. */
  arrived: Glance
  settled: Glance
}

interface Cell {
  row: FaultRow
  column: FaultColumn
  expected: Expectation
  /** Null until all of them begin. */
  played: Promise<Played> | null
}

const elevenMinutes = 11 * 60_000
const patience = 60_000
const onScreen = { onScreen: true, emailMe: false, emailOperatorIds: [] }

async function play(scene: Scene, { row, column, expected }: Cell): Promise<Played> {
  const { tenant, microsoft, db } = scene
  const operator = await scene.as()
  // Waits that are to run out are short, though not so short that a call may not leave; what is to come has all the time.
  const isUnseen = expected.state !== 'CONFIRMED'
  const timing = {
    ...productionTiming,
    callDeadlineMs: row.silent ? 5_000 : patience,
    ...(isUnseen ? { readBackMs: 600, readBackPauseMs: 100 } : { readBackMs: patience }),
    leaseMs: 4 * patience,
    answerAfterMs: 4 * patience,
    passwordPollMs: 20,
  }
  if (column.privileged) await scene.signIn(operator, 'Pia')
  const event = await scene.anEventOf(column.type ?? 'USER_ACTIVITY', column.about?.(tenant) ?? 'Ada')
  const before = structuredClone(tenant)
  const faults = row.faults.map((fault) => microsoft.fault({ mutates: true, ...fault, tenantId: tenant.id }))
  const endFaults = () => {
    for (const { end } of faults) end()
  }
  const isDone = () =>
    !row.gone && tenant.users.some((user) => user.displayName === 'Ada' && column.isDone(user, tenant))
  const glance = async (run: RemediationRun): Promise<Glance> => ({
    run,
    isDone: isDone(),
    tenant: structuredClone(tenant),
    writes: scene.writes().length,
    audit: (await scene.audit()).filter(({ runId }) => runId === run.id),
  })
  const recover = async (runId: string, now: () => Date): Promise<Glance> => {
    await recoverRun({ ...operator, now }, tenant.id, runId)
    const run = await db.withTenants([tenant.id], (tx) => runById(tx, tenant.id, runId))
    if (!run) throw new Error('The run has vanished')
    return glance(run)
  }

  if (row.gone)
    void faults[0]?.struck.then(() => {
      column.vanish(tenant)
      endFaults()
    })
  const ctx = { ...operator, timing }
  const run = await (column.act?.(ctx, event) ?? block(ctx, event, [column.kind], undefined, onScreen))
  const answered = await glance(run)
  const lookedAt = await recover(run.id, operator.now)
  // What is still under way arrives now; where nothing is to be done there is another fault behind the delay.
  if (row.effect === 'NEVER') faults[0]?.end()
  else endFaults()
  await expect.poll(() => scene.writes().length, { timeout: 20_000 }).toBeGreaterThan(0)
  const arrived = await glance(run)
  const now = row.effect === 'NEVER' ? () => new Date(Date.now() + elevenMinutes) : operator.now
  return { before, answered, lookedAt, arrived, settled: await recover(run.id, now) }
}

const sceneOf = (column: FaultColumn, name: string): SceneOptions => ({
  name,
  // Each tenant has an Ada of its own.
  people: [
    person('Ada', structuredClone(column.ada)),
    person('Pia', { roles: ['Privileged Authentication Administrator'] }),
  ],
  ...(column.change && { change: column.change }),
})

/** One test for each cell. All of them run at once, each in a tenant of its own. */
export function faultTable(columns: readonly FaultColumn[]): void {
  const cells = columns.flatMap((column) =>
    [...faultRows, ...(column.moreRows ?? [])].map(
      (row): Cell => ({ row, column, expected: expectationOf(row, column), played: null }),
    ),
  )
  let scenes: Scene[]
  beforeAll(async () => {
    const options = cells.map(({ column }, index) => sceneOf(column, `Contoso ${index}`))
    scenes = await someScenes(options, { ...clientTiming, backoffMs: 20 })
    cells.forEach((cell, index) => {
      const scene = scenes[index]
      if (!scene) throw new Error('No scene')
      cell.played = play(scene, cell)
      // The cell's own test tells.
      cell.played.catch(() => {})
    })
  })
  afterAll(() => scenes[0]?.close())

  for (const column of columns) {
    describe(`B30 ${[column.kind, column.variant].filter(Boolean).join(', ')}`, () => {
      for (const cell of cells.filter((one) => one.column === column)) {
        const outcome = [cell.expected.state, cell.expected.settled?.state].filter(Boolean).join(', then ')
        test(`${cell.row.title}: ${outcome}`, { timeout: 180_000 }, async () => {
          if (!cell.played) throw new Error('Not played')
          check(cell, await cell.played)
        })
      }
    })
  }
}

function check({ row, column, expected }: Cell, { before, answered, lookedAt, arrived, settled }: Played): void {
  const step = checkStep(column, answered.run, expected)
  expect(step.upstreamRequestId).toEqual(expected.hasRequestId ? expect.any(String) : null)
  expect(answered.isDone).toBe(expected.isDone)
  if (!expected.isDone && !row.gone) expect(stateOf(answered.tenant)).toEqual(stateOf(before))
  if (column.makesPassword) checkPassword(expected, answered)
  const isShown = answered.run.temporaryPassword !== null
  const names = [
    'remediation.requested',
    'remediation.started',
    `remediation.${expected.state.toLowerCase()}`,
    ...(isShown ? ['password.shown'] : []),
  ]
  expect(answered.audit.map(({ name }) => name)).toEqual(names)
  expect(answered.audit[1]?.details).toMatchObject({ evidence: column.evidence })
  expect(answered.audit[2]?.details).toMatchObject({
    sentence: step.message,
    code: step.code,
    upstreamRequestId: step.upstreamRequestId,
    evidence: column.evidence,
  })

  // What recovery cannot know yet stays as it is; what is known already stays for good.
  expect({ ...lookedAt.run, temporaryPassword: null }).toEqual({ ...answered.run, temporaryPassword: null })
  expect(lookedAt.audit).toEqual(answered.audit)
  if (expected.settled) {
    const found = checkStep(column, settled.run, expected.settled)
    expect(settled.isDone).toBe(expected.settled.state === 'CONFIRMED')
    expect(settled.audit.map(({ name }) => name)).toEqual([...names, 'remediation.settled'])
    expect(settled.audit[names.length]?.details).toMatchObject({
      before: expected.state,
      state: found.state,
      sentence: found.message,
      code: found.code,
      upstreamRequestId: step.upstreamRequestId,
      evidence: column.evidence,
    })
    // Only who never saw the password has lost it.
    if (column.makesPassword && found.state === 'CONFIRMED')
      expect(found.remedy?.includes('reset the password again')).toBe(expected.state === 'UNKNOWN')
  } else {
    expect(settled.run).toEqual(lookedAt.run)
    expect(settled.audit).toEqual(answered.audit)
    expect(settled.isDone).toBe(expected.isDone)
  }
  // Recovery sends nothing, and what must not be sent twice was sent once.
  expect(lookedAt.writes).toBe(answered.writes)
  expect(settled.writes).toBe(arrived.writes)
  if (column.repeatable === false) expect(settled.writes).toBe(1)
}

/** What the simulator remembers of calls is no part of what the tenant is. */
const stateOf = ({ passwordOperations: _operations, ...tenant }: Tenant) => tenant

function checkStep(column: FaultColumn, run: RemediationRun, { state, code }: Pick<Expectation, 'state' | 'code'>) {
  const statuses = { CONFIRMED: 'SUCCEEDED', ACCEPTED: 'SUCCEEDED', FAILED: 'FAILED', UNKNOWN: 'UNKNOWN' } as const
  const [step] = run.steps
  if (!step) throw new Error('The run has no step')
  expect({ status: run.status, steps: run.steps.length, state: step.state, code: step.code }).toEqual({
    status: statuses[state],
    steps: 1,
    state,
    code,
  })
  expect(step).toMatchObject({ kind: column.kind, evidence: column.evidence, message: expect.any(String) })
  expect(step.retryable).toBe(state === 'FAILED' && code ? canBeTriedAgain[code] : null)
  if (state === 'FAILED') {
    expect(step.remedy).toContain('If it fails again, write to support@example.com.')
    expect(/try again with a new key/i.test(step.remedy ?? '')).toBe(step.retryable)
  }
  if (state === 'CONFIRMED' || state === 'ACCEPTED')
    expect(step.message?.toLowerCase()).toContain(column.named ?? 'ada')
  if (state === 'UNKNOWN') expect(step.remedy).toBe('Ask for this run again in a minute.')
  return step
}

/** B23: whoever may need it gets the password, and only the one that was set. */
function checkPassword({ state, isDone }: Expectation, { run, tenant }: Glance): void {
  const isShown = state === 'CONFIRMED' || state === 'ACCEPTED'
  expect(typeof run.temporaryPassword === 'string').toBe(isShown)
  if (isShown && isDone) expect(run.temporaryPassword).toBe(userOf(tenant, 'Ada').password)
}
