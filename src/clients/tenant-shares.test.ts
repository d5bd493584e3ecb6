import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Reply } from '../../test/support/answering-server.ts'
import { anUpstream, contoso, fabrikam, failureOf, onGraph, type Upstream } from '../../test/support/upstream.ts'
import { createTenantShares, renewedAfterMs, sharedForMs, sharedTenantsMax } from './tenant-shares.ts'
import type { SessionOptions } from './types.ts'

let upstream: Upstream
let now: number
/** Answers to readings, in their order; one that is missing waits for the test to give it. */
let answers: ((reply: Reply) => void)[]
let given: Reply[]

beforeEach(async () => {
  now = Date.now()
  answers = []
  given = []
  upstream = await anUpstream(
    onGraph(({ method }) => {
      if (method !== 'GET') return { status: 204 }
      return given.shift() ?? new Promise<Reply>((resolve) => answers.push(resolve))
    }),
    { now: () => new Date(now) },
  )
})
afterEach(async () => {
  for (const answer of answers) answer({})
  await upstream.close()
})

const roles = {}
const session = (options: SessionOptions = {}) => upstream.microsoft.session(options)
const read = (options: SessionOptions = {}, tenantId = contoso, what: object = roles) => {
  const clients = session(options).tenant(tenantId)
  return clients.shared(what, async () => (await clients.graph.get('/roles', { fresh: true })).body)
}
const asked = () => upstream.server.received.filter(({ method }) => method === 'GET').length
/** The service has the question, and answers only when it is told to. */
async function held(nth: number): Promise<(reply: Reply) => void> {
  await expect.poll(() => answers[nth], { timeout: 10_000 }).toBeDefined()
  return answers[nth] ?? (() => {})
}
const saying = (text: string): Reply => ({ body: { text } })

describe('one reading serves', () => {
  test('all who ask while it is under way', async () => {
    const all = [read(), read(), read()]
    const answer = await held(0)
    const late = read()
    answer(saying('one'))
    expect(await Promise.all([...all, late])).toEqual(Array(4).fill({ text: 'one' }))
    expect(asked()).toBe(1)
  })

  test('all who ask within some seconds of its beginning, and nobody later', async () => {
    given = [saying('one'), saying('two')]
    expect(await read()).toEqual({ text: 'one' })
    now += sharedForMs - 1
    expect(await read()).toEqual({ text: 'one' })
    now += 1
    expect(await read()).toEqual({ text: 'two' })
  })

  test('its own tenant and its own question alone', async () => {
    given = [saying('of Contoso'), saying('of Fabrikam'), saying('something else')]
    expect(await read()).toEqual({ text: 'of Contoso' })
    expect(await read({}, fabrikam)).toEqual({ text: 'of Fabrikam' })
    expect(await read({}, contoso, {})).toEqual({ text: 'something else' })
    expect(await read({}, contoso.toUpperCase())).toEqual({ text: 'of Contoso' })
    expect(asked()).toBe(3)
  })

  test('nobody with a token of a person, whose readings serve nobody either', async () => {
    given = [saying('to the person'), saying('to us'), saying('to the person again')]
    const delegated = { tenantId: contoso, accessToken: 'of-a-person' }
    expect(await read({ delegated })).toEqual({ text: 'to the person' })
    expect(await read()).toEqual({ text: 'to us' })
    expect(await read({ delegated })).toEqual({ text: 'to the person again' })
  })
})

describe('the next reading is under way before the last one is too old', () => {
  beforeEach(async () => {
    given = [saying('one')]
    await read()
    now += renewedAfterMs
  })

  test('nobody waits for it, and one is enough', async () => {
    expect(await Promise.all([read(), read()])).toEqual([{ text: 'one' }, { text: 'one' }])
    const answer = await held(0)
    expect(await read()).toEqual({ text: 'one' })
    answer(saying('two'))
    await expect.poll(() => read()).toEqual({ text: 'two' })
    now += renewedAfterMs - 1
    expect(await read()).toEqual({ text: 'two' })
    expect(asked()).toBe(2)
  })

  test('who asks when the last one is too old waits for it', async () => {
    await read()
    const answer = await held(0)
    now += sharedForMs - renewedAfterMs
    const late = [read(), read()]
    answer(saying('two'))
    expect(await Promise.all(late)).toEqual([{ text: 'two' }, { text: 'two' }])
    expect(asked()).toBe(2)
  })

  test('when it fails, the last one serves as long as it would have, and the next one who asks reads', async () => {
    given = [{ status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }, saying('two')]
    expect(await read()).toEqual({ text: 'one' })
    await expect.poll(asked).toBe(2)
    expect(await read()).toEqual({ text: 'one' })
    now += sharedForMs - renewedAfterMs
    expect(await read()).toEqual({ text: 'two' })
    expect(asked()).toBe(3)
  })

  test('a change ends it, too', async () => {
    await read()
    const answer = await held(0)
    await session().tenant(contoso).graph.patch('/users/ada', { accountEnabled: false })
    given = [saying('after')]
    answer(saying('before'))
    expect(await read()).toEqual({ text: 'after' })
    expect(await read()).toEqual({ text: 'after' })
    expect(asked()).toBe(3)
  })
})

describe('a reading that fails', () => {
  const refused: Reply = { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }

  test('is not kept', async () => {
    given = [refused, saying('granted since')]
    expect(await failureOf(read())).toMatchObject({ kind: 'FORBIDDEN' })
    expect(await read()).toEqual({ text: 'granted since' })
  })

  test('answers those who wait when the service refused it: asking again would be no use', async () => {
    const both = [failureOf(read()), failureOf(read())]
    const answer = await held(0)
    answer(refused)
    expect(await Promise.all(both)).toMatchObject([{ kind: 'FORBIDDEN' }, { kind: 'FORBIDDEN' }])
    expect(asked()).toBe(1)
  })

  test('by the abort of whoever asked first fails nobody else: one of the others asks for all of them', async () => {
    const { signal, abort } = aborting()
    const first = failureOf(read({ signal }))
    await held(0)
    const others = [read(), read(), read()]
    abort()
    expect(await first).toMatchObject({ kind: 'TIMEOUT' })
    const answer = await held(1)
    answer(saying('one'))
    expect(await Promise.all(others)).toEqual(Array(3).fill({ text: 'one' }))
    expect(asked()).toBe(2)
  })

  test('by the deadline of whoever asked first fails nobody else', async () => {
    const first = failureOf(read({ deadlineAt: now + 100 }))
    await held(0)
    const other = read()
    expect(await first).toMatchObject({ kind: 'TIMEOUT' })
    const answer = await held(1)
    answer(saying('one'))
    expect(await other).toEqual({ text: 'one' })
  })
})

test('who joins waits no longer than it may, and leaves the reading to the others', async () => {
  const first = read()
  const answer = await held(0)
  const { signal, abort } = aborting()
  const aborted = failureOf(read({ signal }))
  const late = failureOf(read({ deadlineAt: now + 50 }))
  abort()
  expect(await aborted).toMatchObject({ kind: 'TIMEOUT' })
  expect(await late).toMatchObject({ kind: 'TIMEOUT' })
  answer(saying('one'))
  expect(await first).toEqual({ text: 'one' })
  expect(asked()).toBe(1)
})

describe('what was read before is given to nobody', () => {
  test.each<[string, () => unknown]>([
    ['after a change by Graph', () => session().tenant(contoso).graph.patch('/users/ada', { accountEnabled: false })],
    [
      'after a change with a token of a person',
      () =>
        session({ delegated: { tenantId: contoso, accessToken: 'of-a-person' } })
          .tenant(contoso)
          .graph.post('/users/ada/revokeSignInSessions'),
    ],
    [
      'after a change by Exchange, even one that fails',
      () => failureOf(session().tenant(contoso).exchange.invoke('Set-Mailbox', { Identity: 'ada' })),
    ],
    ['after a consent', () => upstream.microsoft.forgetTokens(contoso)],
  ])('%s; another tenant keeps its own', async (_what, change) => {
    given = [saying('before'), saying('of Fabrikam'), saying('after')]
    await read()
    await read({}, fabrikam)
    await change()
    expect(await read()).toEqual({ text: 'after' })
    expect(await read({}, fabrikam)).toEqual({ text: 'of Fabrikam' })
  })

  test('when its reading had begun before the change, and ended after it', async () => {
    const before = read()
    const answer = await held(0)
    await session().tenant(contoso).graph.patch('/users/ada', { accountEnabled: false })
    const after = read()
    const answerToLater = await held(1)
    answer(saying('before'))
    answerToLater(saying('after'))
    expect(await before).toEqual({ text: 'before' })
    expect(await after).toEqual({ text: 'after' })
    expect(await read()).toEqual({ text: 'after' })
  })
})

test('of many tenants only the last ones are kept, and of one that was left nothing', async () => {
  const bounds = {
    deadlineAt: Number.POSITIVE_INFINITY,
    signal: null,
    now: () => now,
    timing: { callMs: 1_000, connectMs: 1_000, backoffMs: 1 },
  }
  const shares = createTenantShares(() => now)
  let readings = 0
  const ask = (tenant: number) => shares.read(String(tenant), roles, async () => ++readings, bounds)
  for (let tenant = 0; tenant <= sharedTenantsMax; tenant += 1) await ask(tenant)
  expect(await ask(1)).toBe(2)
  expect(await ask(0)).toBe(sharedTenantsMax + 2)
  expect(shares.size()).toBe(sharedTenantsMax)
  now += sharedForMs
  await ask(5)
  expect(shares.size()).toBe(1)
})

function aborting() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
