import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { canary } from './canary.ts'
import { dumpDatabase } from './dump.ts'

/** What a sandbox keeps on purpose, for its own next start and for the newcomer: by name, so that any other file is scanned. */
const heldOnPurpose = [
  'credentials.json',
  'api-key',
  'sealing-key',
  // The state of the simulated Microsoft 365.
  'simulator',
  'postgres/passwords.json',
  // Its tables are dumped instead.
  'postgres/data',
]

/** Hands a running sandbox to the canary scan: its secrets, its database, and every file that it wrote. */
export async function handOverSandbox(folder: string): Promise<void> {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const { databaseOwnerUrl, personas } = JSON.parse(read('credentials.json'))
  for (const { authorization } of Object.values<{ authorization: string }>(personas)) {
    const [, credential = ''] = authorization.split(' ')
    canary.secret(credential.startsWith('tq_') ? 'API key' : 'access token of a caller', credential)
  }
  canary.secret('sealing key', Buffer.from(read('sealing-key'), 'base64'))
  const passwords: Record<string, string> = JSON.parse(read('postgres/passwords.json'))
  for (const password of Object.values(passwords)) canary.secret('database password', password)

  const jobsUrl = Object.assign(new URL(databaseOwnerUrl), { username: 'jobs', password: passwords['jobs'] })
  await dumpDatabase({ ownerUrl: databaseOwnerUrl, jobsUrl: jobsUrl.href }, canary)
  for (const path of filesIn(folder)) {
    const name = relative(folder, path)
    if (heldOnPurpose.some((held) => name === held || name.startsWith(`${held}/`))) continue
    canary.written('log', `the sandbox's ${name}`, readFileSync(path, 'utf8'))
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) return filesIn(path)
    return stat?.isFile() ? [path] : []
  })
}
