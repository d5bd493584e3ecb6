/** `npm run generate`: writes every file that is made from another one. With `--check` it writes nothing and says what is stale. */
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { generate as generateOperations } from '@graphql-codegen/cli'
import { lexicographicSortSchema, parse, print, printSchema } from 'graphql'
import codegen from '../codegen.ts'
import { eventsPage } from './events-page.ts'
import { permissionsPage } from './permissions-page.ts'
import { root, run } from './run.ts'

/** A generated file: path from the project's folder, and what it must hold. */
interface Generated {
  path: string
  text: string
}

const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

const schema = await schemaFile()
const files = [
  schema,
  await permissionsFile(),
  await eventsFile(),
  ...(await operations(schema.text)),
  trustedDocuments(),
]
const stale = [...(options.check ? findStale(files) : write(files)), ...(await migrations(options.check))]

if (options.check && stale.length > 0) {
  console.error(`Not up to date: ${stale.join(', ')}. Run "npm run generate", read the difference and commit it.`)
  process.exitCode = 1
} else {
  console.log(stale.length === 0 ? 'Generated files are up to date.' : `Written: ${stale.join(', ')}.`)
}

async function schemaFile(): Promise<Generated> {
  const { schema } = await import('../src/schema/index.ts')
  return { path: 'schema.graphql', text: `${printSchema(lexicographicSortSchema(schema))}\n` }
}

async function permissionsFile(): Promise<Generated> {
  const { catalogue } = await import('../src/services/remediations/catalogue/index.ts')
  return { path: 'docs/permissions.md', text: permissionsPage(catalogue) }
}

async function eventsFile(): Promise<Generated> {
  const { severityGrounds: grounds } = await import('../src/services/events/severities.ts')
  const { inboxRuleSigns: signs } = await import('../src/services/events/classifiers/inbox-rule-signs.ts')
  const { techniques } = await import('../src/services/events/techniques.ts')
  const path = 'docs/events.md'
  return { path, text: eventsPage(textOf(root, path) ?? '', { grounds, signs, techniques }) }
}

/** The examples, typed against the schema as the sources make it now. */
async function operations(schema: string): Promise<Generated[]> {
  const made: { filename: string; content: string }[] = await generateOperations(
    { ...codegen, schema, cwd: root, silent: true },
    false,
  )
  return made.map(({ filename, content }) => ({ path: filename, text: content }))
}

/** The examples as a frontend's build hands them in (`TRUSTED_DOCUMENTS_PATH`): documents by their SHA-256. */
function trustedDocuments(): Generated {
  const documents = readdirSync(join(root, 'examples'))
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .map((name) => print(parse(readFileSync(join(root, 'examples', name), 'utf8'))))
  const byHash = documents.map((text) => [createHash('sha256').update(text).digest('hex'), text])
  const text = JSON.stringify(Object.fromEntries(byHash), null, 2)
  return { path: 'examples/generated/trusted-documents.json', text: `${text}\n` }
}

/**
 * drizzle-kit's own `check` does not see a missing migration, and its `generate` exits 0 when it would have to ask; so
 * it generates in a copy, and what it adds or complains about is what is missing here.
 */
async function migrations(check: boolean): Promise<string[]> {
  const copy = mkdtempSync(join(tmpdir(), 'tourniquet-migrations-'))
  try {
    for (const name of ['src', 'drizzle', 'drizzle.config.ts', 'package.json', 'tsconfig.json']) {
      if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    const made = await run('drizzle-kit', ['generate'], { cwd: copy })
    if (made.code !== 0 || /\bError\b/.test(made.output)) {
      console.error(`drizzle-kit could not compare the tables with the migrations:\n${made.output}`)
      process.exitCode = 1
      return ['drizzle/']
    }
    const added = filesOf(copy, 'drizzle').filter((path) => textOf(root, path) !== textOf(copy, path))
    if (!check) for (const path of added) writeText(path, textOf(copy, path) ?? '')
    return added
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function findStale(generated: Generated[]): string[] {
  return generated.filter(({ path, text }) => textOf(root, path) !== text).map(({ path }) => path)
}

function write(generated: Generated[]): string[] {
  const changed = findStale(generated)
  for (const { path, text } of generated) if (changed.includes(path)) writeText(path, text)
  return changed
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function textOf(folder: string, path: string): string | null {
  return existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : null
}

function filesOf(folder: string, under: string): string[] {
  if (!existsSync(join(folder, under))) return []
  return readdirSync(join(folder, under), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}
