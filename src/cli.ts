/**
 * Where every process of ours begins. As built, what V8 compiled is kept beside the program: who can write there can change the
 * program itself, which is not so of a common temporary folder. Where nobody may write, what the build kept is used.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

if (import.meta.filename.endsWith('.js')) {
  enableCompileCache({ directory: join(import.meta.dirname, 'compile-cache'), portable: true })
}
await import('./cli/program.ts')
