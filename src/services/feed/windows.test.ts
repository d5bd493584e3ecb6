import { expect, test } from 'vitest'
import { keptMs, planWindows } from './windows.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const now = new Date('2026-03-14T12:00:00.700Z')
const ago = (ms: number) => new Date(now.getTime() - ms)
const plan = (listedUntil: Date | null, overlapMs = hour) => planWindows({ listedUntil, now, overlapMs })

const rows: [string, Date | null, { from: string; count: number; gap: [string, string] | null }][] = [
  ['never read: all that Microsoft still has', null, { from: '2026-03-07T12:10:01', count: 7, gap: null }],
  ['a minute ago: the overlap', ago(minute), { from: '2026-03-14T10:59:00', count: 1, gap: null }],
  ['this second', now, { from: '2026-03-14T11:00:00', count: 1, gap: null }],
  ['by a clock that is ahead', ago(-minute), { from: '2026-03-14T11:01:00', count: 1, gap: null }],
  ['23 hours ago: just one window', ago(23 * hour), { from: '2026-03-13T12:00:00', count: 1, gap: null }],
  ['a day ago: two windows', ago(day), { from: '2026-03-13T11:00:00', count: 2, gap: null }],
  ['six days ago', ago(6 * day), { from: '2026-03-08T11:00:00', count: 7, gap: null }],
  ['the overlap alone is too old', ago(7 * day - 30 * minute), { from: '2026-03-07T12:10:01', count: 7, gap: null }],
  [
    'seven days ago: the rest is a gap',
    ago(7 * day),
    { from: '2026-03-07T12:10:01', count: 7, gap: ['2026-03-07T12:00:00.700Z', '2026-03-07T12:10:01.000Z'] },
  ],
  [
    'a month ago',
    ago(30 * day),
    { from: '2026-03-07T12:10:01', count: 7, gap: ['2026-02-12T12:00:00.700Z', '2026-03-07T12:10:01.000Z'] },
  ],
]
test.each(rows)('windows of the feed that was last listed %s', (_, listedUntil, expected) => {
  const { windows, gap } = plan(listedUntil)
  expect(windows[0]?.from.toISOString().slice(0, 19)).toBe(expected.from)
  expect(windows).toHaveLength(expected.count)
  expect(gap && [gap.from.toISOString(), gap.until.toISOString()]).toEqual(expected.gap)
})

test('whatever the pause, Microsoft takes every window, and none leaves a hole', () => {
  for (let pause = 0; pause < 9 * day; pause += 37 * minute) {
    const { windows, gap } = plan(ago(pause))
    expect(windows.at(-1)?.until).toEqual(new Date('2026-03-14T12:00:00Z'))
    for (const [index, { from, until }] of windows.entries()) {
      expect(until.getTime() - from.getTime()).toBeGreaterThan(0)
      expect(until.getTime() - from.getTime()).toBeLessThanOrEqual(day)
      expect(from.getTime()).toBeGreaterThan(now.getTime() - keptMs)
      expect([from.getMilliseconds(), until.getMilliseconds()]).toEqual([0, 0])
      if (index > 0) expect(from).toEqual(windows[index - 1]?.until)
    }
    const covered = Math.min(windows[0]?.from.getTime() ?? 0, gap?.from.getTime() ?? Number.POSITIVE_INFINITY)
    expect(covered).toBeLessThanOrEqual(ago(pause).getTime())
    if (gap) expect(gap.until).toEqual(windows[0]?.from)
  }
})
