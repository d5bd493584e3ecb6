import pino from 'pino'
import { expect, test } from 'vitest'
import { failedAnswer } from './failures.ts'

test("a service's own text, which names people, does not reach the log", () => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push(line) })
  const upstreamMessage = "The mailbox of 'Adele Vance' is locked."
  const failed = {
    service: 'exchange',
    status: 503,
    headers: {},
    nowMs: 0,
    upstreamCode: null,
    upstreamMessage,
  } as const
  const failure = failedAnswer(failed).withMayHaveActed(true)
  log.error({ err: failure }, 'it failed')
  expect(failure.upstreamMessage).toBe(upstreamMessage)
  expect(lines.join()).toContain('UNAVAILABLE')
  expect(lines.join()).not.toContain('Adele')
})
