/** Breaks every rule of the house once, so that a rule which silently stops working is noticed. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

const runOnlyFile = 'src/services/remediations/run.ts'
const importing = (specifier: string) => `import { x } from '${specifier}'\n\nexport const y = x\n`
const reading = 'export const home = process.env\n'
const applying = 'export const go = (entry: { apply(target: string): unknown }) => entry.apply("user")\n'

/** What the linter must refuse: the file it is in, its text, and words of the reason. */
const broken: [rule: string, file: string, text: string, reason: RegExp][] = [
  [
    'the simulator knows nothing of the gateway',
    'simulator/a.ts',
    importing('../src/context.ts'),
    /nothing of the gateway/,
  ],
  ['the simulator takes nothing from tests', 'simulator/b.ts', importing('../test/support/x.ts'), /Only tests/],
  ['the gateway never imports the simulator', 'src/a.ts', importing('../simulator/world.ts'), /own process/],
  ['the sandbox never imports the simulator', 'src/sandbox/a.ts', importing('../../simulator/x.ts'), /own process/],
  ['the command sends no SQL', 'src/cli/a.ts', importing('postgres'), /Only src\/db knows SQL/],
  ['the schema imports no client', 'src/schema/a.ts', importing('../clients/errors.ts'), /knows no client/],
  ['the schema imports no repository', 'src/schema/b.ts', importing('../db/events.ts'), /knows no SQL/],
  ['the schema imports no server', 'src/schema/c.ts', importing('../server.ts'), /go down only/],
  ['the schema never imports the simulator', 'src/schema/d.ts', importing('../../simulator/x.ts'), /own process/],
  ['a resolver imports no client', 'src/resolvers/a.ts', importing('../clients/graph/client.ts'), /import no client/],
  [
    'a resolver imports no SDK',
    'src/resolvers/b.ts',
    importing('@microsoft/microsoft-graph-client'),
    /import no client/,
  ],
  ['a resolver imports no repository', 'src/resolvers/c.ts', importing('../db/events.ts'), /know no SQL/],
  ['a resolver imports no drizzle', 'src/resolvers/d.ts', importing('drizzle-orm'), /know no SQL/],
  ['a resolver imports no schema', 'src/resolvers/e.ts', importing('../schema/builder.ts'), /go down only/],
  ['a resolver imports no server', 'src/resolvers/f.ts', importing('../server.ts'), /go down only/],
  ['a resolver never imports the simulator', 'src/resolvers/g.ts', importing('../../simulator/x.ts'), /own process/],
  ['services know no GraphQL', 'src/services/a.ts', importing('graphql'), /no GraphQL/],
  ['services know no HTTP server', 'src/services/b.ts', importing('node:http'), /no HTTP server/],
  ['services know no hono', 'src/services/c.ts', importing('hono'), /no HTTP server/],
  ['services send no SQL themselves', 'src/services/d.ts', importing('drizzle-orm/pg-core'), /Only src\/db knows SQL/],
  ['services import no resolver', 'src/services/e.ts', importing('../resolvers/x.ts'), /go down only/],
  ['services are given their configuration', 'src/services/f.ts', importing('../config.ts'), /go down only/],
  ['services know no Graph SDK', 'src/services/g.ts', importing('@microsoft/microsoft-graph-client'), /Graph SDK/],
  ['services never import the simulator', 'src/services/h.ts', importing('../../simulator/x.ts'), /own process/],
  ['clients know no service', 'src/clients/a.ts', importing('../services/refusals.ts'), /Clients know no service/],
  ['clients know no database', 'src/clients/b.ts', importing('../db/connection.ts'), /no database/],
  ['only clients/graph knows the SDK', 'src/clients/c.ts', importing('@microsoft/microsoft-graph-client'), /Graph SDK/],
  ['clients never import the simulator', 'src/clients/d.ts', importing('../../simulator/x.ts'), /own process/],
  [
    'clients/graph knows no service',
    'src/clients/graph/a.ts',
    importing('../../services/a.ts'),
    /Clients know no service/,
  ],
  ['clients/graph knows no database', 'src/clients/graph/b.ts', importing('../../db/a.ts'), /no database/],
  [
    'clients/graph never imports the simulator',
    'src/clients/graph/c.ts',
    importing('../../../simulator/x.ts'),
    /own process/,
  ],
  ['repositories know no client', 'src/db/a.ts', importing('../clients/errors.ts'), /know no client/],
  ['repositories call no service', 'src/db/b.ts', importing('../services/events/import.ts'), /go down only/],
  ['repositories never import the simulator', 'src/db/c.ts', importing('../../simulator/x.ts'), /own process/],
  ['only config.ts reads the environment', 'src/env.ts', reading, /process\.env/],
  ['services read no environment', 'src/services/env.ts', reading, /process\.env/],
  [
    'only the run calls apply',
    'src/services/remediations/assess.ts',
    applying,
    /Only src\/services\/remediations\/run\.ts/,
  ],
  ['resolvers do not call apply', 'src/resolvers/apply.ts', applying, /Only src\/services\/remediations\/run\.ts/],
]

/** What the linter must let through. */
const sound: [file: string, text: string][] = [
  ['src/config.ts', reading],
  ['src/clients/graph/sdk.ts', importing('@microsoft/microsoft-graph-client')],
  ['src/db/sound.ts', importing('../services/events/types.ts')],
  ['src/services/sound.ts', importing('../clients/errors.ts')],
  ['src/services/repository.ts', importing('../db/events.ts')],
  ['src/resolvers/sound.ts', importing('../services/events/read.ts')],
  ['src/schema/sound.ts', importing('../resolvers/viewer.ts')],
  ['src/services/sound.test.ts', importing('../../simulator/world.ts')],
  [runOnlyFile, applying],
]

/** Lints a house with these files in it, under the project's own configuration. */
function lint(files: [string, string][]): { file: string; message: string }[] {
  const house = mkdtempSync(join(tmpdir(), 'tourniquet-layering-'))
  try {
    for (const file of ['biome.json', '.gitignore', 'scripts/only-the-run-applies.grit']) {
      cpSync(join(root, file), join(house, file), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
    for (const [file, text] of files) {
      mkdirSync(dirname(join(house, file)), { recursive: true })
      writeFileSync(join(house, file), text)
    }
    const biome = join(root, 'node_modules/.bin/biome')
    const { stdout } = spawnSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none', '.'], { cwd: house })
    const report = JSON.parse(stdout.toString()) as {
      diagnostics: { category: string; message: string; location: { path: string } }[]
    }
    return report.diagnostics.map((found) => ({ file: found.location.path, message: found.message }))
  } finally {
    rmSync(house, { recursive: true, force: true })
  }
}

const found = lint([...broken.map(([, file, text]): [string, string] => [file, text]), ...sound])

test.each(broken)('the linter holds: %s', (_rule, file, _text, reason) => {
  expect(found.filter((fault) => fault.file === file).map((fault) => fault.message)).toContainEqual(
    expect.stringMatching(reason),
  )
})

test.each(sound)('the linter allows %s', (file) => {
  expect(found.filter((fault) => fault.file === file)).toEqual([])
})
