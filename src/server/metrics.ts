import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { AuditNumbers } from '../services/audit/numbers.ts'
import type { FeedNumbers } from '../services/feed/numbers.ts'
import { registerAuditMetrics } from './audit-metrics.ts'
import { registerFeedMetrics } from './feed-metrics.ts'
import type { Load } from './load.ts'

export interface Metrics {
  /** `route` is one of a few, never a path that a caller chose. */
  answered(route: string, status: number, seconds: number): void
  /** Codes of the GraphQL errors of one answer; none is a success. */
  graphqlAnswered(codes: readonly string[]): void
  /** Refused by the rate limit of this name. */
  rateLimited(budget: string): void
  /** Refused because there was too much to do. */
  shed(what: 'reads' | 'writes'): void
  contentType: string
  read(): Promise<string>
}

/** What is counted elsewhere. */
export interface Counted {
  subscriptions(): number
  load: Pick<Load, 'inFlight' | 'eventLoopDelay'>
  /** Of the feeds that all workers read. */
  feeds(): Promise<FeedNumbers>
  /** Of the audit trails of all tenants. */
  audit(): Promise<AuditNumbers>
}

/** Numbers of one gateway, and of the feeds: no tenant, operator or other value with many members is a label. */
export function createMetrics({ subscriptions, load, feeds, audit }: Counted): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registerFeedMetrics(registry, feeds)
  registerAuditMetrics(registry, audit)
  const requests = new Histogram({
    name: 'tourniquet_http_request_duration_seconds',
    help: 'Time from request to answer.',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })
  const operations = new Counter({
    name: 'tourniquet_graphql_operations_total',
    help: 'GraphQL operations by outcome: OK, or the code of their first error.',
    labelNames: ['outcome'],
    registers: [registry],
  })
  new Gauge({
    name: 'tourniquet_subscriptions',
    help: 'Subscriptions under way.',
    registers: [registry],
    collect() {
      this.set(subscriptions())
    },
  })
  const limited = new Counter({
    name: 'tourniquet_rate_limited_total',
    help: 'Requests beyond a rate limit, by the limit.',
    labelNames: ['limit'],
    registers: [registry],
  })
  const shed = new Counter({
    name: 'tourniquet_requests_shed_total',
    help: 'Requests sent away because this gateway had too much to do.',
    labelNames: ['kind'],
    registers: [registry],
  })
  for (const kind of ['reads', 'writes']) shed.inc({ kind }, 0)
  new Gauge({
    name: 'tourniquet_requests_in_flight',
    help: 'Requests under way, without subscriptions.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, count] of Object.entries(load.inFlight())) this.set({ kind }, count)
    },
  })
  new Gauge({
    name: 'tourniquet_event_loop_delay_seconds',
    help: 'How late the event loop is, on average over a quarter of a second: what requests are sent away by.',
    registers: [registry],
    collect() {
      this.set(load.eventLoopDelay())
    },
  })
  return {
    rateLimited: (limit) => limited.inc({ limit }),
    shed: (kind) => shed.inc({ kind }),
    answered: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
    graphqlAnswered: (codes) => operations.inc({ outcome: codes[0] ?? 'OK' }),
    contentType: registry.contentType,
    read: () => registry.metrics(),
  }
}
