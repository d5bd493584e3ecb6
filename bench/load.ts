/** Sends the same request again and again over kept-alive connections, each taking the next when it has its answer. */
import { Pool } from 'undici'
import type { Server } from './servers/server.ts'

export interface Load {
  body: string
  connections: number
  /** Ends after so many answers… */
  requests?: number
  /** …or so many milliseconds. */
  ms?: number
}

export interface Loaded {
  /** Milliseconds of each request. */
  times: number[]
  perSecond: number
}

export async function load(
  { url, headers }: Pick<Server, 'url' | 'headers'>,
  { body, connections, requests = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY }: Load,
): Promise<Loaded> {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const times: number[] = []
  const begun = performance.now()
  let left = requests
  async function connection(): Promise<void> {
    while (left > 0 && performance.now() - begun < ms) {
      left -= 1
      const sentAt = performance.now()
      const answer = await pool.request({
        path: '/graphql',
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      })
      const bytes = await answer.body.arrayBuffer()
      if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}: ${Buffer.from(bytes)}`)
      times.push(performance.now() - sentAt)
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, connection))
    return { times, perSecond: (times.length / (performance.now() - begun)) * 1000 }
  } finally {
    await pool.close()
  }
}

/** One request, and what it says. */
export async function ask<Answer>({ url, headers }: Pick<Server, 'url' | 'headers'>, body: string): Promise<Answer> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
  return JSON.parse(text) as Answer
}
