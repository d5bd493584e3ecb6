/** The rows of the fault table. */
import type { Fault } from '../../simulator/engine-types.ts'
import type { StepFailureCode } from '../../src/services/remediations/codes.ts'

/** A way to fail. */
export interface FaultRow {
  title: string
  /** What the simulator does; unless said otherwise to calls that change something. */
  faults: Omit<Fault, 'tenantId'>[]
  /** What the change does in the tenant: it comes at once, after the gateway has stopped waiting, or never. */
  effect: 'AT_ONCE' | 'LATE' | 'NEVER'
  /** What the last answer tells about it: that it was done, that it certainly was not, or nothing. */
  told: 'DONE' | 'REFUSED' | 'NOTHING'
  /** Whether that answer names Microsoft's request id. */
  hasRequestId: boolean
  /** Why it was not done, or why nobody knows. */
  code: StepFailureCode
  /** A second try gets through, where the gateway may make one. */
  passes?: true
  /** No answer comes. */
  silent?: true
  /** Reads show the old state until the fault is taken away. */
  stale?: true
  /** The target vanishes while the call is on its way. */
  gone?: true
}

const silence = 600_000
const oftenEnough = 9

const noAnswer = { told: 'NOTHING', hasRequestId: false, code: 'TIMEOUT', silent: true } as const
const cut = { told: 'NOTHING', hasRequestId: false, code: 'UPSTREAM_ERROR' } as const
const throttled = { effect: 'NEVER', told: 'REFUSED', hasRequestId: true, code: 'THROTTLED' } as const
const failing = { told: 'NOTHING', hasRequestId: true, code: 'UPSTREAM_ERROR' } as const
const accepted = { told: 'DONE', hasRequestId: true, code: 'NOT_CONFIRMED' } as const

export const faultRows: readonly FaultRow[] = [
  {
    title: 'no answer, and nothing is done',
    faults: [{ fault: 'delay', args: { ms: silence } }, { fault: 'resetBefore' }],
    effect: 'NEVER',
    ...noAnswer,
  },
  {
    title: 'no answer, and it is done later',
    faults: [{ fault: 'delay', args: { ms: silence } }],
    effect: 'LATE',
    ...noAnswer,
  },
  {
    title: 'no answer, though it is done',
    faults: [{ fault: 'delay', args: { ms: silence, afterEffect: true } }],
    effect: 'AT_ONCE',
    ...noAnswer,
  },
  {
    title: 'the connection is cut before the effect, once',
    faults: [{ fault: 'resetBefore' }],
    effect: 'NEVER',
    passes: true,
    ...cut,
  },
  {
    title: 'the connection is cut before the effect, every time',
    faults: [{ fault: 'resetBefore', times: oftenEnough }],
    effect: 'NEVER',
    ...cut,
  },
  {
    title: 'the connection is cut after the effect, once',
    faults: [{ fault: 'resetAfter' }],
    effect: 'AT_ONCE',
    passes: true,
    ...cut,
  },
  {
    title: 'the connection is cut after the effect, every time',
    faults: [{ fault: 'resetAfter', times: oftenEnough }],
    effect: 'AT_ONCE',
    ...cut,
  },
  {
    title: '429 with Retry-After, once',
    faults: [{ fault: 'throttle', args: { retryAfter: 0.05 } }],
    passes: true,
    ...throttled,
  },
  {
    title: '429 with a Retry-After that is too long to wait for',
    faults: [{ fault: 'throttle', times: oftenEnough, args: { retryAfter: 600 } }],
    ...throttled,
  },
  { title: '429 without Retry-After, once', faults: [{ fault: 'throttle' }], passes: true, ...throttled },
  {
    title: '429 without Retry-After, every time',
    faults: [{ fault: 'throttle', times: oftenEnough }],
    ...throttled,
  },
  {
    title: '500, and nothing is done',
    faults: [{ fault: 'status', times: oftenEnough, args: { status: 500 } }],
    effect: 'NEVER',
    ...failing,
  },
  {
    title: '500, though it is done',
    faults: [{ fault: 'status', times: oftenEnough, args: { status: 500, afterEffect: true } }],
    effect: 'AT_ONCE',
    ...failing,
  },
  {
    title: '403, the role is too low',
    faults: [{ fault: 'status', times: oftenEnough, args: { status: 403 } }],
    effect: 'NEVER',
    told: 'REFUSED',
    hasRequestId: true,
    code: 'INSUFFICIENT_ROLE',
  },
  {
    title: '404, the target is gone',
    faults: [{ fault: 'delay', args: { ms: silence } }],
    effect: 'NEVER',
    told: 'REFUSED',
    hasRequestId: true,
    code: 'NOT_FOUND',
    gone: true,
  },
  {
    title: 'it is done, and reads show the old state for a while',
    faults: [{ fault: 'stale', mutates: false, times: 1_000, args: { ms: 3_600_000 } }],
    effect: 'AT_ONCE',
    stale: true,
    ...accepted,
  },
  { title: 'a success that is none', faults: [{ fault: 'ignored' }], effect: 'NEVER', ...accepted },
]
