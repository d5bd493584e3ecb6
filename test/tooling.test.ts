/** `npm run verify` must go red for what people forget. Each fault is made in a copy of the project. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const parts = [
  'src',
  'simulator',
  'scripts',
  'drizzle',
  'docs',
  'examples',
  'test',
  '.gitignore',
  'biome.json',
  'codegen.ts',
]
const files = ['drizzle.config.ts', 'package.json', 'schema.graphql', 'tsconfig.json', 'vitest.config.ts']
const made: string[] = []
afterAll(() => {
  for (const copy of made) rmSync(copy, { recursive: true, force: true })
})

function aCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'tourniquet-verify-'))
  made.push(copy)
  for (const name of [...parts, ...files]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function verify(copy: string, ...steps: string[]): { status: number | null; output: string } {
  const ran = spawnSync(process.execPath, ['scripts/verify.ts', ...steps], {
    cwd: copy,
    encoding: 'utf8',
    stdio: 'pipe',
  })
  return { status: ran.status, output: ran.stdout + ran.stderr }
}

function change(copy: string, file: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(copy, file), 'utf8')
  const after = before.replace(from, to)
  if (after === before) throw new Error(`${file} holds nothing like ${from}.`)
  writeFileSync(join(copy, file), after)
}

describe('npm run verify', () => {
  test('is green for the project as it is', { timeout: 120_000 }, () => {
    const { status, output } = verify(aCopy(), 'generated')
    expect(output).not.toContain('FAILED')
    expect(status).toBe(0)
  })

  test('goes red for a resolver that imports a client', () => {
    const copy = aCopy()
    const text = `import { UpstreamError } from '../clients/errors.ts'\n\nexport const fault = UpstreamError\n`
    writeFileSync(join(copy, 'src/resolvers/shortcut.ts'), text)
    const { status, output } = verify(copy, 'lint')
    expect(output).toContain('Resolvers import no client')
    expect(status).toBe(1)
  })

  test('goes red for a schema.graphql that is not what the sources make', { timeout: 120_000 }, () => {
    const copy = aCopy()
    change(copy, 'schema.graphql', 'type Mutation {', 'type Mutation {\n  byHand: String\n')
    const { status, output } = verify(copy, 'generated')
    expect(output).toContain('Not up to date: schema.graphql')
    expect(status).toBe(1)
  })

  test('goes red for a table that no migration makes', { timeout: 120_000 }, () => {
    const copy = aCopy()
    const text = `\nexport const forgotten = pgTable('forgotten', { id: uuid().primaryKey() })\n`
    appendFileSync(join(copy, 'src/db/tables.ts'), text)
    const { status, output } = verify(copy, 'generated')
    expect(output).toMatch(/Not up to date: .*drizzle\//)
    expect(status).toBe(1)
  })

  test('names an unknown step and what there is', () => {
    const { status, output } = verify(root, 'lnit')
    expect(status).toBe(2)
    expect(output).toContain('lint, types, generated, tests')
  })
})

describe('the tests of npm run verify', () => {
  const entry = `import { defineRemediation } from '../contract.ts'\n\nexport const forgotten = defineRemediation\n`

  test.each([
    ['an entry that is not in the list', 'forgotten.ts', ['forgotten.test.ts']],
    ['an entry without a test', 'forgotten.ts', []],
  ])('go red for %s', { timeout: 120_000 }, (_, file, tests) => {
    const copy = aCopy()
    const catalogue = join(copy, 'src/services/remediations/catalogue')
    writeFileSync(join(catalogue, file), entry)
    for (const name of tests) writeFileSync(join(catalogue, name), '')
    const ran = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', `${catalogue}/catalogue.test.ts`],
      {
        cwd: copy,
        encoding: 'utf8',
        stdio: 'pipe',
      },
    )
    expect(ran.stdout + ran.stderr).toContain('forgotten')
    expect(ran.status).toBe(1)
  })
})
