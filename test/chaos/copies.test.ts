/** One mutation that is sent many times at once, to two gateway processes that share nothing but their database: one run. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { aWorld } from '../../simulator/builders.ts'
import { expectOneAccount, storedRuns } from '../support/accounts.ts'
import { aCrashScene, application, type CrashScene, type Outcome, scripts } from '../support/crash-scenes.ts'
import { type GatewayProcess, type GatewayProcesses, gatewayProcesses } from '../support/gateway-processes.ts'
import { aMicrosoft, type TestMicrosoft } from '../support/microsoft.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'

const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const copies = isSoak ? 1_000 : 100

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

let database: TestDatabase
let microsoft: TestMicrosoft
let gateways: GatewayProcesses
let scenesMade = 0

const start = () => gatewayProcesses(2, { microsoft, database, application, environment: mail() })
const mail = () => ({ SMTP_URL: microsoft.smtpUrl, MAIL_FROM: 'tourniquet@example.com' })
beforeAll(async () => {
  ;[database, microsoft] = await Promise.all([aDatabase(), aMicrosoft(aWorld({ applications: [application] }))])
  gateways = await start()
})
afterAll(async () => {
  await gateways?.close()
  await microsoft?.close()
  await database?.drop()
})

const gatewayAt = (index: number): GatewayProcess => {
  const gateway = gateways.processes[index % gateways.processes.length]
  if (!gateway) throw new Error('There is no gateway')
  return gateway
}
const aScene = (script: (typeof scripts)[number]): Promise<CrashScene> => {
  scenesMade += 1
  return aCrashScene(script, scenesMade, { microsoft, services: gateways.services, gateway: gatewayAt(0) })
}
/** Sessions can be revoked again and again. */
const revoking = { ...scripts[0], actions: ['REVOKE_SESSIONS'], signedIn: false, makesPassword: false }

async function expectOneRun(scene: CrashScene): Promise<void> {
  const steps = () => storedRuns(database, [scene]).then((runs) => runs.get(scene.tenant.id) ?? [])
  while ((await steps()).some(({ ended }) => ended === null)) await sleep(200)
  const { services } = gateways
  await expectOneAccount(scene, { microsoft, services, steps: await steps(), isFaulty: false, because: 'copies' })
}

test(`${copies} copies at once: one run, one set of writes, one answer, and one of them has the password`, async () => {
  const scene = await aScene(scripts[0])
  const answers = await Promise.all(Array.from({ length: copies }, (_, index) => scene.ask(gatewayAt(index))))
  const told = answers.map(({ temporaryPassword: _, ...answer }) => answer)
  expect(told[0]).toMatchObject({ __typename: 'RemediationRun', id: expect.any(String) })
  expect(new Set(told.map(({ id }) => id)).size).toBe(1)
  // Who was told after 25 seconds that it goes on was told the truth.
  const ended = told.filter(({ status }) => status !== 'RUNNING')
  expect(new Set(ended.map((answer) => JSON.stringify(answer))).size).toBeLessThanOrEqual(1)
  await expectOneRun(scene)
  expect(await scene.ask(gatewayAt(1))).toMatchObject({ id: told[0]?.id, status: 'SUCCEEDED', temporaryPassword: null })
  const passwords = answers.flatMap(({ temporaryPassword }) => temporaryPassword ?? [])
  // Whoever was answered before the run ended has none, and the run says that it is lost.
  if (ended.length === told.length) expect(passwords.length).toBe(1)
  expect(passwords.length).toBeLessThanOrEqual(1)
})

test('the same key with another input is refused, at the same moment and later', async () => {
  const scene = await aScene(revoking)
  const asked = await Promise.all(
    [['REVOKE_SESSIONS'], ['DISABLE_USER']].flatMap((actions) =>
      [0, 1, 2, 3].map(
        async (index): Promise<[string, Outcome]> => [String(actions), await scene.ask(gatewayAt(index), { actions })],
      ),
    ),
  )
  const winner = asked.find(([, { __typename }]) => __typename === 'RemediationRun')
  expect(winner).toBeDefined()
  for (const [actions, outcome] of asked) {
    if (actions === winner?.[0]) expect(outcome.id).toBe(winner[1].id)
    else expect(outcome.__typename).toBe('IdempotencyKeyReusedError')
  }
  const isDisabled = scene.isDone('DISABLE_USER')
  expect(isDisabled).toBe(winner?.[0] === 'DISABLE_USER')
  expect(scene.isDone('REVOKE_SESSIONS')).toBe(!isDisabled)
})

test('the same key from two operators is two runs, one after the other', async () => {
  const scene = await aScene(revoking)
  const key = crypto.randomUUID()
  const ask = (as: 'Olga' | 'Otto') =>
    Promise.all([0, 1, 2, 3].map((index) => scene.ask(gatewayAt(index), { as, key })))
  const [ofOlga, ofOtto] = await Promise.all([ask('Olga'), ask('Otto')])
  for (const answers of [ofOlga, ofOtto]) {
    expect(answers).toMatchObject(answers.map(() => ({ id: answers[0]?.id, status: 'SUCCEEDED' })))
  }
  expect(ofOlga[0]?.id).not.toBe(ofOtto[0]?.id)
  const writes = microsoft.journal().filter(({ tenantId, mutates }) => mutates && tenantId === scene.tenant.id)
  expect(writes).toHaveLength(2)
})

test('copies after a restart are still the same run', async () => {
  const scene = await aScene(scripts[3])
  const answer = await scene.ask(gatewayAt(0))
  expect(answer).toMatchObject({ status: 'SUCCEEDED' })
  await gateways.close()
  gateways = await start()
  const again = await Promise.all([0, 1, 2, 3].map((index) => scene.ask(gatewayAt(index))))
  expect(again).toEqual(again.map(() => answer))
  await expectOneRun(scene)
})
