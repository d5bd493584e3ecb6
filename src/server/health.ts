import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export interface ReadinessCheck {
  name: 'database' | 'migrations' | 'keys'
  ok: boolean
  /** What is wrong and what to do, without addresses or secrets; null when all is well. */
  problem: string | null
}

export interface ReadinessDependencies {
  ping(): Promise<void>
  migrationsPending(): Promise<boolean>
  sealingKeys: readonly Buffer[]
}

const patienceMs = 3_000

/** Microsoft in trouble is not "not ready": what is greyed out says so. */
export async function readinessOf({
  ping,
  migrationsPending,
  sealingKeys,
}: ReadinessDependencies): Promise<ReadinessCheck[]> {
  const [database, migrations] = await Promise.all([
    within(ping()).then(
      () => null,
      () => 'The database does not answer: look at DATABASE_URL and the server.',
    ),
    within(migrationsPending()).then(
      (pending) => (pending ? 'Migrations are pending: run "tourniquet migrate".' : null),
      () => 'Whether migrations are pending could not be read.',
    ),
  ])
  const keys = sealingKeys.length > 0 && sealingKeys.every(isUsable) ? null : 'SEALING_KEY cannot be used.'
  return [check('database', database), check('migrations', migrations), check('keys', keys)]
}

const check = (name: ReadinessCheck['name'], problem: string | null): ReadinessCheck => ({
  name,
  ok: problem === null,
  problem,
})

function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('No answer in time')), patienceMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Seals something and opens it again. */
function isUsable(key: Buffer): boolean {
  try {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    const sealed = Buffer.concat([cipher.update('usable'), cipher.final()])
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(cipher.getAuthTag())
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString() === 'usable'
  } catch {
    return false
  }
}
