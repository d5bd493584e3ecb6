/** What the workers made of the feeds, as the database knows it: every gateway shows the same. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { FeedNumbers } from '../services/feed/numbers.ts'
import { feedFaults, feedGapReasons } from '../services/feed/types.ts'
import { oncePerAnswer } from './once-per-answer.ts'

export function registerFeedMetrics(registry: Registry, readFeeds: () => Promise<FeedNumbers>): void {
  const shown = oncePerAnswer(readFeeds)
  const records: Counter = new Counter({
    name: 'tourniquet_feed_records_total',
    help: 'Audit records that arrived by the feed, by what became of them.',
    labelNames: ['outcome'],
    registers: [registry],
    collect: shown(({ counts }) => {
      const { events, merged, noEvent, duplicates, unreadable } = counts
      const outcomes = {
        EVENT: events,
        MERGED: merged,
        NO_EVENT: noEvent,
        DUPLICATE: duplicates,
        UNREADABLE: unreadable,
      }
      records.reset()
      for (const [outcome, count] of Object.entries(outcomes)) records.inc({ outcome }, count)
    }),
  })
  const gaps: Counter = new Counter({
    name: 'tourniquet_feed_gaps_total',
    help: 'Times from which events are missing, by reason.',
    labelNames: ['why'],
    registers: [registry],
    collect: shown((numbers) => {
      gaps.reset()
      for (const why of feedGapReasons) gaps.inc({ why }, numbers.gaps.find((one) => one.why === why)?.gaps ?? 0)
    }),
  })
  const faults: Gauge = new Gauge({
    name: 'tourniquet_feed_faults',
    help: 'Types of content of connected tenants that are not read now, by reason.',
    labelNames: ['fault'],
    registers: [registry],
    collect: shown((numbers) => {
      for (const fault of feedFaults) {
        faults.set({ fault }, numbers.faults.find((one) => one.fault === fault)?.feeds ?? 0)
      }
    }),
  })
  const open: Gauge = new Gauge({
    name: 'tourniquet_feed_open_blobs',
    help: 'Blobs of audit records that are listed and not fetched yet.',
    registers: [registry],
    collect: shown(({ openBlobs }) => open.set(openBlobs)),
  })
  const behind: Gauge = new Gauge({
    name: 'tourniquet_feed_behind_seconds',
    help: 'How far the feed that is furthest behind is behind.',
    registers: [registry],
    collect: shown(({ behindSeconds }) => (behindSeconds === null ? behind.reset() : behind.set(behindSeconds))),
  })
}
