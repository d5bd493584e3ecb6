/** Spans on their way to an OTLP collector. Loaded only where there is one. */
import {
  type Context,
  SpanKind as Kind,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { SpanCollector, SpanKind, Trace } from './trace.ts'

export interface SpanExport extends SpanCollector {
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>
}

const kinds: Record<SpanKind, Kind> = { SERVER: Kind.SERVER, CLIENT: Kind.CLIENT, INTERNAL: Kind.INTERNAL }
const closeMsMax = 2_000

/** `endpoint`: the collector's base address, e.g. `http://localhost:4318`; spans go to `/v1/traces` below it. A caller that does not sample is not collected. */
export function createSpanExport(endpoint: string): SpanExport {
  const random = new RandomIdGenerator()
  // A trace that begins here has its id already: it is in the answer, the log and the audit.
  let traceId: string | null = null
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'tourniquet' }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    idGenerator: {
      generateSpanId: () => random.generateSpanId(),
      generateTraceId: () => traceId ?? random.generateTraceId(),
    },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
        scheduledDelayMillis: 1_000,
      }),
    ],
  })
  const tracer = provider.getTracer('tourniquet')
  return {
    begin(name, kind, attributes, parent) {
      traceId = parent.traceId
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, contextOf(parent))
      traceId = null
      return asOurs(span)
    },
    async close() {
      await Promise.race([
        provider.shutdown().catch(() => {}),
        new Promise((done) => setTimeout(done, closeMsMax).unref()),
      ])
    },
  }
}

const contextOf = ({ traceId, parentId, sampled }: Trace): Context =>
  parentId === null
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, {
        traceId,
        spanId: parentId,
        traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
        isRemote: true,
      })

const asOurs = (span: OtelSpan) => ({
  id: span.spanContext().spanId,
  set: (attributes: Record<string, string | number | boolean>) => void span.setAttributes(attributes),
  end(outcome: 'OK' | 'FAILED') {
    if (outcome === 'FAILED') span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  },
})
