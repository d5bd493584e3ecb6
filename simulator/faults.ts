/** Misbehaviour on demand: faults wait for calls that match them. */
import { z } from 'zod'
import type { Fault, Service } from './engine-types.ts'

const milliseconds = z.number().int().min(0).max(3_600_000)
const common = {
  service: z.enum(['graph', 'exchange', 'login', 'management']).optional(),
  method: z.string().min(1).optional(),
  path: z.string().refine(isRegularExpression, 'must be a regular expression').optional(),
  tenantId: z.string().min(1).optional(),
  times: z.number().int().min(1).max(1_000_000).optional(),
}
const none = z.strictObject({}).optional()

const faultSchema = z.discriminatedUnion('fault', [
  z.strictObject({
    fault: z.literal('throttle'),
    ...common,
    args: z.strictObject({ retryAfter: z.number().min(0).optional() }).optional(),
  }),
  z.strictObject({ fault: z.literal('delay'), ...common, args: z.strictObject({ ms: milliseconds }) }),
  z.strictObject({
    fault: z.literal('status'),
    ...common,
    args: z.strictObject({ status: z.number().int().min(400).max(599), code: z.string().optional() }),
  }),
  z.strictObject({ fault: z.literal('resetBefore'), ...common, args: none }),
  z.strictObject({ fault: z.literal('resetAfter'), ...common, args: none }),
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
  /** The HTTP request of a batch: struck only by faults whose `path` names `$batch`. */
  isBatch?: boolean
}

interface Waiting {
  fault: ValidFault
  path: RegExp | null
  left: number
}

/** The faults that wait for calls; the oldest that matches is used first. */
export class Faults {
  #waiting: Waiting[] = []

  add(fault: Fault | ValidFault): void {
    const valid = parseFault(fault)
    this.#waiting.push({ fault: valid, path: valid.path ? new RegExp(valid.path) : null, left: valid.times ?? 1 })
  }

  clear(): void {
    this.#waiting = []
  }

  /** A matching fault by one of the names, used once. */
  take<N extends FaultName>(target: FaultTarget, ...names: N[]): FaultOf<N> | null {
    return this.#find(target, names, true)
  }

  /** As `take`, without using it up. */
  peek<N extends FaultName>(target: FaultTarget, ...names: N[]): FaultOf<N> | null {
    return this.#find(target, names, false)
  }

  has(name: FaultName): boolean {
    return this.#waiting.some(({ fault }) => fault.fault === name)
  }

  #find<N extends FaultName>(target: FaultTarget, names: N[], use: boolean): FaultOf<N> | null {
    for (const waiting of this.#waiting) {
      if (!isNamed(waiting.fault, names) || !matches(waiting, target)) continue
      if (use) {
        waiting.left -= 1
        if (waiting.left === 0) this.#waiting = this.#waiting.filter((other) => other !== waiting)
      }
      return waiting.fault
    }
    return null
  }
}

function isNamed<N extends FaultName>(fault: ValidFault, names: readonly N[]): fault is FaultOf<N> {
  return names.some((name) => name === fault.fault)
}

function matches({ fault, path }: Waiting, target: FaultTarget): boolean {
  if (fault.service && fault.service !== target.service) return false
  if (fault.method && fault.method.toUpperCase() !== target.method.toUpperCase()) return false
  if (fault.tenantId && fault.tenantId.toLowerCase() !== target.tenantId) return false
  if (target.isBatch && !fault.path?.includes('batch')) return false
  return path === null || path.test(target.path)
}
