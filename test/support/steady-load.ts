/** Requests at a steady rate to gateways of which any may go at any moment: as a careful client or load balancer sends them. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Reply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of documents that they wrote themselves
  data: any
  codes: string[]
}

export interface Balancer {
  add(url: string): void
  /** What is sent to one that is gone is asked again of another, as often as needed, at most for a minute. */
  send(body: object, token: string): Promise<Reply>
  /** Answers that no client should get, and connections that died on the way. */
  readonly faults: string[]
  readonly broken: string[]
  close(): void
}

const readinessEveryMs = 200

export function aBalancer(): Balancer {
  const backends = new Map<string, { agent: Agent; ready: boolean }>()
  const faults: string[] = []
  const broken: string[] = []
  let turn = 0
  let closed = false

  async function watch(url: string): Promise<void> {
    while (!closed) {
      const backend = backends.get(url)
      if (!backend) return
      backend.ready = await fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
      await sleep(readinessEveryMs)
    }
  }

  async function ready(until: number): Promise<{ url: string; agent: Agent }> {
    for (;;) {
      const usable = [...backends].filter(([, backend]) => backend.ready)
      const [url, backend] = usable[turn++ % Math.max(1, usable.length)] ?? []
      if (url && backend) return { url, agent: backend.agent }
      if (Date.now() > until) throw new Error('No gateway is ready')
      await sleep(20)
    }
  }

  return {
    faults,
    broken,
    add(url) {
      backends.set(url, { agent: new Agent({ keepAlive: true }), ready: true })
      void watch(url)
    },
    async send(body, token) {
      for (const until = Date.now() + 60_000; ; ) {
        const { url, agent } = await ready(until)
        const answer = await post(url, agent, JSON.stringify(body), token).catch((error: Error & { code?: string }) => {
          broken.push(`${url}: ${error.code ?? error.message}`)
          const backend = backends.get(url)
          if (backend) backend.ready = false
          return null
        })
        if (!answer) continue
        if (answer.status >= 500 || answer.codes.includes('INTERNAL_SERVER_ERROR'))
          faults.push(`${url}: ${answer.status} ${answer.codes.join()}`)
        return answer
      }
    },
    close() {
      closed = true
      for (const { agent } of backends.values()) agent.destroy()
    },
  }
}

function post(url: string, agent: Agent, body: string, token: string): Promise<Reply> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    request(`${url}/graphql`, { method: 'POST', agent, headers, timeout: 60_000 }, async (response) => {
      try {
        let text = ''
        for await (const chunk of response) text += chunk
        const { data = null, errors = [] } = JSON.parse(text)
        const codes = errors.map(({ extensions }: { extensions: { code: string } }) => extensions.code)
        resolve({ status: response.statusCode ?? 0, data, codes })
      } catch (error) {
        reject(error)
      }
    })
      .on('error', reject)
      .on('timeout', () => reject(new Error('No answer within a minute')))
      .end(body)
  })
}

/** Begins `work` at a steady rate, whether or not earlier work is done, and waits for all of it. How many a second were done. */
export async function atRate(
  { perSecond, seconds }: { perSecond: number; seconds: number },
  work: (n: number) => Promise<unknown>,
): Promise<{ begun: number; perSecond: number; medianMs: number; p99Ms: number }> {
  const begunAt = performance.now()
  const under: Promise<unknown>[] = []
  const times: number[] = []
  let inTime = 0
  const total = Math.round(perSecond * seconds)
  for (let n = 0; n < total; n++) {
    const dueMs = (n / perSecond) * 1000 - (performance.now() - begunAt)
    if (dueMs > 1) await sleep(dueMs)
    const at = performance.now()
    const one = work(n).then(() => {
      times.push(performance.now() - at)
      if (performance.now() - begunAt <= seconds * 1000) inTime += 1
    })
    // Of several that fail the first is told below.
    one.catch(() => {})
    under.push(one)
  }
  const tookSeconds = Math.max(seconds, (performance.now() - begunAt) / 1000)
  await Promise.all(under)
  times.sort((a, b) => a - b)
  const at = (part: number) => Math.round(times[Math.floor((times.length - 1) * part)] ?? 0)
  return { begun: total, perSecond: inTime / tookSeconds, medianMs: at(0.5), p99Ms: at(0.99) }
}
