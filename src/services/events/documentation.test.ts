import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { highFrom, suspiciousFrom } from './classifiers/inbox-rule-signs.ts'
import { severityGrounds } from './severities.ts'
import { techniques } from './techniques.ts'
import { securityEventTypes } from './types.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/events.md'), 'utf8')
const section = (title: string) => page.split(/^## /m).find((text) => text.startsWith(title)) ?? ''

test('the table of types that is written by hand names every type, and techniques that exist', () => {
  const types = section('Types')
  expect(types.match(/`[A-Z]+(_[A-Z]+)+`/g)?.map((name) => name.slice(1, -1))).toEqual(
    expect.arrayContaining([...securityEventTypes]),
  )
  const named = new Set(types.match(/\bT\d{4}(\.\d{3})?\b/g))
  expect([...named].sort()).toEqual(Object.keys(techniques).sort())
})

test('the sums that make a rule suspicious are those of the page', () => {
  expect(section('Signs')).toContain(`add up to ${suspiciousFrom}, and HIGH from ${highFrom} on`)
})

test('every ground is told in words of its own', () => {
  for (const [type, grounds] of Object.entries(severityGrounds)) {
    const words = Object.values(grounds).map(({ severity, when }) => `${severity} ${when}`)
    expect(new Set(words).size, type).toBe(words.length)
  }
})
