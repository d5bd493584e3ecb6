import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { greyedOutCodes, stepFailureCodes } from '../codes.ts'
import { greyedOutWords, stepFailureWords } from '../messages.ts'
import { catalogue, entryOf } from './index.ts'

const files = readdirSync(import.meta.dirname)
const entryFiles = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'index.ts')
const kindOf = (file: string) => file.replace('.ts', '').replaceAll('-', '_').toUpperCase()

test('every file of the folder is an entry of the list, under the kind that its name says', () => {
  expect(catalogue.map((entry) => entry.kind).sort()).toEqual(entryFiles.map(kindOf).sort())
})

test.each(entryFiles)('%s has a test beside it', (file) => {
  expect(files).toContain(file.replace('.ts', '.test.ts'))
})

test('entries are applied in the order of B6', () => {
  const order = ['DISABLE_USER', 'REVOKE_SESSIONS', 'REMOVE_MAIL_FORWARDING', 'DISABLE_INBOX_RULES', 'RESET_PASSWORD']
  const places = catalogue.filter(({ group }) => group === 'BLOCK_USER').map(({ kind }) => order.indexOf(kind))
  expect(places).not.toContain(-1)
  expect(places).toEqual([...places].sort())
})

test.each(catalogue.map((entry) => [entry.kind, entry] as const))(
  '%s says everything a person needs (B25)',
  (_kind, entry) => {
    expect(entry.effect).not.toBe('')
    expect(entry.limits).not.toBe('')
    expect(entry.permissions.application.length).toBeGreaterThan(0)
    expect(entry.reversible).toBe(entry.howToUndo !== null)
    expect(entryOf(entry.kind)).toBe(entry)
  },
)

test('every code has its words', () => {
  expect(Object.keys(greyedOutWords).sort()).toEqual([...greyedOutCodes].sort())
  expect(Object.keys(stepFailureWords).sort()).toEqual([...stepFailureCodes].sort())
})
