/** Misbehaviour on demand: faults wait for calls that match them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Fault, Service } from './engine-types.ts'

const milliseconds = z.number().int().min(0).max(3_600_000)
const common = {
  service: z.enum(['graph', 'exchange', 'login', 'management']).optional(),
  method: z.string().min(1).optional(),
  path: z.string().refine(isRegularExpression, 'must be a regular expression').optional(),
  tenantId: z.string().min(1).optional(),
  /** True: only calls that change something; false: only calls that read. */
  mutates: z.boolean().optional(),
  times: z.number().int().min(1).max(1_000_000).optional(),
}
const none = z.strictObject({}).optional()
/** The call takes effect first: only its answer is late, or an error. */
const afterEffect = z.boolean().optional()

const faultSchema = z.discriminatedUnion('fault', [
  z.strictObject({
    fault: z.literal('throttle'),
    ...common,
    args: z.strictObject({ retryAfter: z.number().min(0).optional() }).optional(),
  }),
  z.strictObject({ fault: z.literal('delay'), ...common, args: z.strictObject({ ms: milliseconds, afterEffect }) }),
  z.strictObject({
    fault: z.literal('status'),
    ...common,
    args: z.strictObject({ status: z.number().int().min(400).max(599), code: z.string().optional(), afterEffect }),
  }),
  z.strictObject({ fault: z.literal('resetBefore'), ...common, args: none }),
  z.strictObject({ fault: z.literal('resetAfter'), ...common, args: none }),
  z.strictObject({ fault: z.literal('ignored'), ...common, args: none }),
  z.strictObject({ fault: z.literal('stale'), ...common, args: z.strictObject({ ms: milliseconds }) }),
  z.strictObject({ fault: z.literal('syncReverts'), ...common, args: z.strictObject({ ms: milliseconds }) }),
])

export type ValidFault = z.infer<typeof faultSchema>
export type FaultName = ValidFault['fault']
export type FaultOf<N extends FaultName> = Extract<ValidFault, { fault: N }>

/** What is wrong with a fault: the field, dotted (`args.ms`), and a sentence. */
export class InvalidFaultError extends Error {
  readonly field: string

  constructor(field: string, message: string) {
    super(message)
    this.name = 'InvalidFaultError'
    this.field = field
  }
}

/** Throws `InvalidFaultError`. */
export function parseFault(input: unknown): ValidFault {
  const parsed = faultSchema.safeParse(input)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys : []
  const field = [...(issue?.path ?? []), ...keys.slice(0, 1)].join('.') || 'fault'
  throw new InvalidFaultError(field, `${field}: ${issue?.message ?? 'invalid'}`)
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

/** What a fault is compared with. `path` holds the query. */
export interface FaultTarget {
  service: Service
  method: string
  path: string
  tenantId: string | null
  /** Of calls that pass through `perform`. */
  mutates?: boolean
  /** The HTTP request of a batch: struck only by faults whose `path` names `$batch`. */
  isBatch?: boolean
}

interface Waiting {
  fault: ValidFault
  path: RegExp | null
  left: number
  strike(): void
  ended: AbortController
}

/** For who asked for a fault. */
export interface FaultHandle {
  /** Resolves when the fault strikes for the first time. */
  struck: Promise<void>
  /** Takes the fault away, whatever is left of it; calls that it delays go on. */
  end(): void
}

/** The faults that wait for calls; the oldest that matches is used first. */
export class Faults {
  #waiting: Waiting[] = []

  add(fault: Fault | ValidFault): FaultHandle {
    const valid = parseFault(fault)
    const { promise: struck, resolve: strike } = Promise.withResolvers<void>()
    const path = valid.path ? new RegExp(valid.path) : null
    const waiting: Waiting = { fault: valid, path, left: valid.times ?? 1, strike, ended: new AbortController() }
    this.#waiting.push(waiting)
    const end = () => {
      this.#remove(waiting)
      waiting.ended.abort()
    }
    return { struck, end }
  }

  clear(): void {
    this.#waiting = []
  }

  /** A matching fault by one of the names, used once; not those that wait for the effect. */
  take<N extends FaultName>(target: FaultTarget, ...names: N[]): FaultOf<N> | null {
    return this.#find(target, names, { use: true, afterEffect: false })?.fault ?? null
  }

  /** As `take`, of faults that strike after the effect. */
  takeAfterEffect<N extends FaultName>(target: FaultTarget, ...names: N[]): FaultOf<N> | null {
    return this.#find(target, names, { use: true, afterEffect: true })?.fault ?? null
  }

  /** Waits as long as a matching delay says. */
  async delay(target: FaultTarget, { afterEffect }: { afterEffect: boolean }): Promise<void> {
    const found = this.#find(target, ['delay'], { use: true, afterEffect })
    if (!found) return
    await sleep(found.fault.args.ms, undefined, { signal: found.ended.signal }).catch(() => {})
  }

  /** As `take`, without using it up. */
  peek<N extends FaultName>(target: FaultTarget, ...names: N[]): FaultOf<N> | null {
    return this.#find(target, names, { use: false, afterEffect: false })?.fault ?? null
  }

  has(name: FaultName): boolean {
    return this.#waiting.some(({ fault }) => fault.fault === name)
  }

  #find<N extends FaultName>(
    target: FaultTarget,
    names: N[],
    { use, afterEffect }: { use: boolean; afterEffect: boolean },
  ): { fault: FaultOf<N>; ended: AbortController } | null {
    for (const waiting of this.#waiting) {
      const { fault } = waiting
      if (!isNamed(fault, names) || waitsForEffect(fault) !== afterEffect || !matches(waiting, target)) continue
      if (use) {
        waiting.strike()
        waiting.left -= 1
        if (waiting.left === 0) this.#remove(waiting)
      }
      return { fault, ended: waiting.ended }
    }
    return null
  }

  #remove(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiting)
  }
}

function isNamed<N extends FaultName>(fault: ValidFault, names: readonly N[]): fault is FaultOf<N> {
  return names.some((name) => name === fault.fault)
}

function waitsForEffect(fault: ValidFault): boolean {
  if (fault.fault === 'delay' || fault.fault === 'status') return fault.args.afterEffect === true
  return fault.fault === 'resetAfter'
}

function matches({ fault, path }: Waiting, target: FaultTarget): boolean {
  if (fault.service && fault.service !== target.service) return false
  if (fault.method && fault.method.toUpperCase() !== target.method.toUpperCase()) return false
  if (fault.tenantId && fault.tenantId.toLowerCase() !== target.tenantId) return false
  if (fault.mutates !== undefined && fault.mutates !== target.mutates) return false
  if (target.isBatch && !fault.path?.includes('batch')) return false
  return path === null || path.test(target.path)
}
