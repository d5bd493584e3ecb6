/** Clients that send slowly, too much, or not to the end. */
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiScene, anApiScene, analyst } from '../support/api-scene.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'

let scene: ApiScene
let gateway: TestGateway

beforeAll(async () => {
  scene = await anApiScene()
  const connections = { headersTimeoutMs: 1_000, requestTimeoutMs: 2_000, checkMs: 100 }
  gateway = await aGateway({ microsoft: scene.gateway.microsoft, database: scene.database, connections })
})
afterAll(async () => {
  await gateway?.close()
  await scene?.close()
})

/** Writes a piece at a time until it is cut off; answers all that came back. */
async function drip(pieces: Iterable<string>, everyMs = 100, at = gateway): Promise<string> {
  const { hostname, port } = new URL(at.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const rest = pieces[Symbol.iterator]()
  const timer = setInterval(() => {
    const { done, value } = rest.next()
    if (!done && socket.writable) socket.write(value)
  }, everyMs)
  await closed
  clearInterval(timer)
  return answer
}
function* endless(first: string, piece: string): Generator<string> {
  yield first
  for (;;) yield piece
}
const head = (length: number) =>
  `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: ${gateway.authorizationOf(analyst)}\r\nContent-Length: ${length}\r\n\r\n`
const isServed = async () => (await gateway.graphql('{ __typename }', {}, { as: analyst })).status === 200
const faults = () => gateway.log().includes('"level":50')

test('a head that never ends is cut off', async () => {
  expect(await drip(endless('POST /graphql HTTP/1.1\r\nHost: x\r\n', 'X-Drip: 1\r\n'))).toMatch(/^HTTP\/1.1 408 /)
})

test('a body that never ends is cut off, nobody else waits for it, and it is no fault of ours', async () => {
  const slow = Array.from({ length: 30 }, () => drip(endless(head(10_000), ' ')))
  expect(await isServed()).toBe(true)
  for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408 /)
  expect(await isServed()).toBe(true)
  expect(faults()).toBe(false)
})

test('a client that goes away in the middle of its body is no fault of ours', async () => {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.write(`${head(10_000)}{"query"`)
  await new Promise((resolve) => setTimeout(resolve, 300))
  socket.destroy()
  expect(await isServed()).toBe(true)
  expect(faults()).toBe(false)
})

test('a body of somebody who is not let in is not waited for', async () => {
  const begunAt = performance.now()
  const answer = await drip([
    'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{',
  ])
  expect(answer).toMatch(/^HTTP\/1.1 401 /)
  expect(answer.toLowerCase()).toContain('connection: close')
  expect(performance.now() - begunAt).toBeLessThan(2_000)
})

test('a head that is too large is refused', async () => {
  const answer = await drip([`GET /graphql HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`])
  expect(answer).toMatch(/^HTTP\/1.1 431 /)
  expect(await isServed()).toBe(true)
})

test('there are no more connections than a gateway can bear, and those that are there are served', async () => {
  const { microsoft } = scene.gateway
  const small = await aGateway({ microsoft, database: scene.database, connections: { connectionsMax: 3 } })
  const { hostname, port } = new URL(small.url)
  const held = Array.from({ length: 3 }, () => connect(Number(port), hostname))
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  expect(await drip(['GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'], 10, small)).toBe('')
  const [first] = held
  const answer = new Promise((resolve) => first?.once('data', (data) => resolve(String(data))))
  first?.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(await answer).toMatch(/^HTTP\/1.1 200 /)
  for (const socket of held) socket.destroy()
  await expect
    .poll(() =>
      small.fetch('/health/live').then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    .toBe(true)
  await small.close()
})
