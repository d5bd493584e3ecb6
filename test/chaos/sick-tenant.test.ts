/** One tenant to which Microsoft does not answer, among others: they wait for nothing because of it. Compared is what comes first, not how long it takes. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { person } from '../../simulator/builders.ts'
import { clientTiming } from '../../src/clients/timing.ts'
import type { ServiceContext } from '../../src/context.ts'
import { newId } from '../../src/db/ids.ts'
import { insertRun, runById, startStep } from '../../src/db/runs.ts'
import { sweepRuns } from '../../src/services/remediations/recover.ts'
import { block, type Scene, someScenes } from '../support/remediations.ts'

vi.setConfig({ testTimeout: 120_000 })

const crowd = 300
/** Of the clients: no tenant has more reads of one service under way. */
const readsAtOnceMax = 32

let sick: Scene
let well: Scene[]
beforeAll(async () => {
  const names = ['Contoso', 'Fabrikam', 'Litware', 'Northwind']
  const [first, ...others] = await someScenes(
    names.map((name) => ({ name, people: [person('Ada'), person('Ben')] })),
    { ...clientTiming, callMs: 5_000, backoffMs: 20 },
  )
  if (!first) throw new Error('No scene')
  sick = first
  well = others
})
afterAll(() => sick?.close())

const silence = (tenantId: string) =>
  sick.microsoft.fault({ fault: 'delay', service: 'graph', tenantId, times: 100_000, args: { ms: 3_600_000 } })

const readAda = ({ clients, tenant, person: find }: Scene): Promise<unknown> =>
  clients
    .session({ deadlineAt: Date.now() + 20_000 })
    .tenant(tenant.id)
    .graph.get(`/users/${find('Ada').id}?$select=id`)

const callsFor = ({ tenant, microsoft }: Scene): number =>
  microsoft.journal().filter(({ service, tenantId }) => service === 'graph' && tenantId === tenant.id).length

test('a crowd on a silent tenant holds up nobody, and soon the tenant is not asked any more', async () => {
  await Promise.all([sick, ...well].map(readAda))
  const before = callsFor(sick)
  let answeredBySick = 0
  const asleep = silence(sick.tenant.id)
  const crowded = Array.from({ length: crowd }, () =>
    readAda(sick).then(
      () => null,
      (error: { kind: string }) => {
        answeredBySick += 1
        return error.kind
      },
    ),
  )
  const read = await Promise.all(
    Array.from({ length: crowd }, (_, index) => readAda(well[index % well.length] ?? sick)),
  )
  expect(read).toHaveLength(crowd)
  expect(answeredBySick).toBe(0)

  // A few of them ever left; the others waited for a place, and no longer than for an answer.
  expect(new Set(await Promise.all(crowded))).toEqual(new Set(['TIMEOUT']))
  await expect(readAda(sick)).rejects.toMatchObject({ kind: 'UNAVAILABLE', status: null })
  asleep.end()
  await vi.waitFor(() => expect(callsFor(sick) - before).toBe(readsAtOnceMax), { timeout: 20_000 })

  // After its pause one call tries; with its success all go through again.
  await vi.waitFor(() => readAda(sick), { timeout: 30_000, interval: 200 })
  await Promise.all(Array.from({ length: 10 }, () => readAda(sick)))
})

test('another service of the same tenant is asked as ever', async () => {
  const asleep = silence(sick.tenant.id)
  await Promise.all(Array.from({ length: 10 }, () => readAda(sick).catch(() => null)))
  const { exchange } = sick.clients.session({ deadlineAt: Date.now() + 20_000 }).tenant(sick.tenant.id)
  expect(await exchange.invoke('Get-TransportRule', {})).toMatchObject({ value: [] })
  asleep.end()
})

test('runs of others go on, and what dead processes left there is settled first', async () => {
  const [other] = well
  if (!other) throw new Error('No scene')
  const left = [...(await Promise.all(Array.from({ length: 5 }, () => aDeadRun(sick)))), await aDeadRun(other)] as const
  const ofOther = left.at(-1)
  // Whoever is not asked at all would be through at once.
  await vi.waitFor(() => readAda(sick), { timeout: 30_000, interval: 200 })
  const asleep = silence(sick.tenant.id)
  const ctx = await other.as()
  let isSwept = false
  const sweep = sweepRuns(ctx).finally(() => {
    isSwept = true
  })
  expect(await block(ctx, await other.anEventAbout('Ben'), ['REVOKE_SESSIONS'])).toMatchObject({ status: 'SUCCEEDED' })
  const ended = () =>
    other.db
      .withTenants([other.tenant.id], (tx) => runById(tx, other.tenant.id, ofOther ?? ''))
      .then((run) => run?.endedAt)
  await vi.waitFor(async () => expect(await ended()).toBeInstanceOf(Date), { timeout: 20_000 })
  expect(isSwept).toBe(false)
  expect(await sweep).toBe(5)
  asleep.end()
})

/** What a process leaves behind that dies right after its change. */
async function aDeadRun(scene: Scene): Promise<string> {
  const ctx: ServiceContext = await scene.as()
  const { tenantId, id: eventId, subjects } = await scene.anEventAbout('Ada')
  const [subject] = subjects
  if (!subject) throw new Error('No subject')
  const requestedAt = new Date(Date.now() - 60_000)
  const id = newId(requestedAt)
  const pending = { state: 'PENDING', code: null, message: null, remedy: null, retryable: null } as const
  await scene.db.withTenants([tenantId], async (tx) => {
    await insertRun(tx, {
      id,
      tenantId,
      eventId,
      group: 'BLOCK_USER',
      requestedBy: { id: ctx.operator.id, kind: 'PERSON', displayName: 'Olga' },
      requestedAt,
      idempotencyKey: id,
      inputHash: Buffer.from('x'),
      steps: [{ kind: 'DISABLE_USER', subject, ...pending }],
    })
    await startStep(tx, tenantId, id, 0, requestedAt, null)
  })
  scene.person('Ada').accountEnabled = false
  return id
}
