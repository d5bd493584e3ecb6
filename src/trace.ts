/**
 * Which request, job or command something belongs to: an id of W3C Trace Context, carried along by the runtime. Logs, the audit and
 * Microsoft's own logs (`client-request-id`) name it. Spans are made only where somebody collects them (`OTEL_EXPORTER_OTLP_ENDPOINT`).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** The caller's span, or ours; 16 hexadecimal digits. Null: the trace begins here. */
  readonly parentId: string | null
  /** Whether the caller wants it to be collected. */
  readonly sampled: boolean
}

/** Never names, addresses, ids of people or text that a caller chose: whoever collects traces may see them all. */
export type Attributes = Record<string, string | number | boolean>

export interface Span {
  readonly id: string
  set(attributes: Attributes): void
  end(outcome: 'OK' | 'FAILED'): void
}

export type SpanKind = 'SERVER' | 'CLIENT' | 'INTERNAL'

export interface SpanCollector {
  begin(name: string, kind: SpanKind, attributes: Attributes, parent: Trace): Span
}

const storage = new AsyncLocalStorage<Trace>()
let collector: SpanCollector | null = null

/** For the life of the process. Null: no spans from now on. */
export function collectSpans(given: SpanCollector | null): void {
  collector = given
}

const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?=$|-)/

/** As the caller's `traceparent` says; without one, or with one that is not valid, a new trace. */
export function traceFrom(header: string | undefined): Trace {
  const [, traceId, parentId, flags] = traceparent.exec(header ?? '') ?? []
  // Version 00 ends with its flags; a later one may say more.
  if (!traceId || !parentId || !flags || (header?.startsWith('00') && header.length !== 55)) return newTrace()
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export const newTrace = (): Trace => ({ traceId: randomBytes(16).toString('hex'), parentId: null, sampled: true })

export const inTrace = <T>(trace: Trace, work: () => T): T => storage.run(trace, work)

/** Null outside of any. */
export const currentTraceId = (): string | null => storage.getStore()?.traceId ?? null

/** The trace's id in the form in which Microsoft takes one for its logs. */
export const traceIdAsGuid = (): string => {
  const id = currentTraceId() ?? randomBytes(16).toString('hex')
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-')
}

/** Runs `work` in a span of the present trace. */
export async function inSpan<T>(
  name: string,
  { kind = 'INTERNAL', attributes = {} }: { kind?: SpanKind; attributes?: Attributes },
  work: (span: Pick<Span, 'set'> | null) => Promise<T>,
): Promise<T> {
  const parent = storage.getStore()
  if (!collector || !parent) return work(null)
  const span = collector.begin(name, kind, attributes, parent)
  try {
    const result = await storage.run({ ...parent, parentId: span.id }, () => work(span))
    span.end('OK')
    return result
  } catch (error) {
    span.end('FAILED')
    throw error
  }
}
