/** A client in a thread of its own, so that what it costs is not counted as the gateway's. */
import { once } from 'node:events'
import { parentPort, Worker } from 'node:worker_threads'

export interface Sending {
  url: string
  authorization: string
  bodies: readonly string[]
}

export interface Sender {
  /** One request after the other; answers with the status and the code of the first error of each. */
  send(sending: Sending): Promise<readonly string[]>
  close(): Promise<unknown>
}

export function createSender(): Sender {
  const worker = new Worker(new URL(import.meta.url))
  return {
    async send(sending) {
      worker.postMessage(sending)
      const [answers] = (await once(worker, 'message')) as [readonly string[]]
      return answers
    },
    close: () => worker.terminate(),
  }
}

parentPort?.on('message', async ({ url, authorization, bodies }: Sending) => {
  const answers: string[] = []
  for (const body of bodies) {
    const headers = { authorization, 'content-type': 'application/json', accept: 'application/graphql-response+json' }
    const answer = await fetch(url, { method: 'POST', headers, body })
    const { errors = [] } = (await answer.json()) as { errors?: { extensions: { code: string } }[] }
    answers.push(`${answer.status} ${errors[0]?.extensions.code ?? ''}`.trim())
  }
  parentPort?.postMessage(answers)
})
