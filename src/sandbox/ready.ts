import { after } from './children.ts'
import { SandboxFault } from './fault.ts'

const patienceMs = 60_000

/** Resolves when the gateway's `GET /health/ready` answers 200. */
export async function waitUntilReady(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/health/ready`
  const deadline = Date.now() + patienceMs
  let last = 'nothing'
  while (Date.now() < deadline) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
      if (answer.status === 200) return
      last = `${answer.status}: ${(await answer.text()).slice(0, 300)}`
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    await after(50)
  }
  throw new SandboxFault(`The gateway is not ready after ${patienceMs / 1000} seconds (${url} answers ${last}).`)
}
