import { describe, expect, test } from 'vitest'
import { UpstreamError, type UpstreamErrorKind } from '../../clients/errors.ts'
import { stepFailureCodes } from './codes.ts'
import { failed, failureCode, isNothingToDo, statusOf } from './steps.ts'

const refusal = (kind: UpstreamErrorKind) =>
  new UpstreamError('said no', {
    service: 'graph',
    kind,
    status: 403,
    upstreamCode: null,
    requestId: null,
    retryAfterMs: null,
    mayHaveActed: false,
  })

describe('the status of a run', () => {
  test.each([
    [['CONFIRMED', 'CONFIRMED'], 'SUCCEEDED'],
    [['CONFIRMED', 'SKIPPED'], 'SUCCEEDED'],
    [['ACCEPTED', 'CONFIRMED'], 'SUCCEEDED'],
    [['FAILED', 'CONFIRMED'], 'PARTIAL'],
    [['FAILED', 'ACCEPTED'], 'PARTIAL'],
    [['FAILED', 'SKIPPED'], 'FAILED'],
    [['FAILED', 'FAILED'], 'FAILED'],
    [['UNKNOWN', 'CONFIRMED'], 'UNKNOWN'],
    [['UNKNOWN', 'FAILED'], 'UNKNOWN'],
    [['CONFIRMED', 'RUNNING'], 'RUNNING'],
    [['PENDING', 'FAILED'], 'RUNNING'],
  ])('%j is %s', (states, status) => {
    expect(statusOf(states)).toBe(status)
  })
})

describe('a failed step (B30)', () => {
  test.each([
    ['FORBIDDEN', true, 'INSUFFICIENT_ROLE'],
    ['FORBIDDEN', false, 'PERMISSION_MISSING'],
    ['NOT_CONSENTED', true, 'PERMISSION_MISSING'],
    ['NOT_FOUND', true, 'NOT_FOUND'],
    ['THROTTLED', true, 'THROTTLED'],
    ['TIMEOUT', true, 'TIMEOUT'],
    ['UNAVAILABLE', true, 'UPSTREAM_ERROR'],
  ] as const)('%s with grants verified: %s is %s', (kind, verified, code) => {
    expect(failureCode(refusal(kind), verified)).toBe(code)
  })

  test('says why, what to do, whether to try again, and whom to write to', () => {
    expect(failed('THROTTLED', { supportEmail: 'help@example.com' })).toMatchObject({
      state: 'FAILED',
      code: 'THROTTLED',
      retryable: true,
      remedy: expect.stringContaining('help@example.com'),
    })
  })

  test.each(stepFailureCodes)('%s says the same by its remedy and by `retryable`, and whom to write to', (code) => {
    const { message, remedy, retryable } = failed(code, { supportEmail: 'help@example.com' })
    expect(message).toMatch(/^[A-Z].+\.$/)
    expect(remedy?.endsWith('If it fails again, write to help@example.com.')).toBe(true)
    expect(/again with a new key/i.test(remedy ?? '')).toBe(retryable)
  })
})

test('B6 nothing to do is skipped, a fact that could not be read is a failure', () => {
  expect(isNothingToDo('ALREADY_DISABLED')).toBe(true)
  expect(isNothingToDo('UPSTREAM_UNAVAILABLE')).toBe(false)
})
