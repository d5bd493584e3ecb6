import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { aTrail } from '../../../test/support/audit-trails.ts'
import { aLog } from '../../../test/support/log.ts'
import { aDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { aSealingKey } from '../../../test/support/sealing-key.ts'
import { auditNumbers } from './numbers.ts'
import { auditTasks } from './tasks.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const keys = [aSealingKey()]
let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
})
afterAll(() => database?.drop())

test('every trail is signed once, with its head in the log; a broken one is named there and not signed', async () => {
  const { log, lines } = aLog()
  const tasks = auditTasks({ db: database.db, sealingKeys: keys, now: () => new Date(), log })
  const [sound, broken] = [await aTrail(database, keys), await aTrail(database, keys)]
  for (const trail of [sound, broken]) await trail.append(3)
  await tasks['sign-audit-heads']()
  const heads = lines.map((line) => JSON.parse(line).head)
  expect(heads).toHaveLength(2)
  for (const trail of [sound, broken]) {
    const kept = heads.filter(({ tenantId }) => tenantId === trail.tenantId)
    expect(kept).toMatchObject([{ number: 1, seq: 3 }])
    expect(await trail.verify({ kept })).toMatchObject({ signedUpTo: 3, fault: null })
  }
  await tasks['sign-audit-heads']()
  expect(lines).toHaveLength(2)

  for (const trail of [sound, broken]) await trail.append(2)
  await broken.tamper("update audit_entry set name = 'x' where tenant_id = $T and seq = 4")
  const faulty = { level: 50, tenantId: broken.tenantId, seq: 4 }
  await tasks['sign-audit-heads']()
  const signing = lines.slice(2).map((line) => JSON.parse(line))
  expect(signing).toContainEqual(expect.objectContaining(faulty))
  expect(signing).toContainEqual(expect.objectContaining({ head: await sound.signed() }))
  expect(await broken.verify()).toMatchObject({ signedUpTo: 3, fault: { seq: 4 } })

  const before = lines.length
  await tasks['verify-audit-trails']()
  const verifying = lines.slice(before).map((line) => JSON.parse(line))
  expect(verifying).toContainEqual(expect.objectContaining(faulty))
  expect(verifying.at(-1)).toMatchObject({ tenants: 2, faults: 1 })
  const numbers = () => auditNumbers({ db: database.db, now: () => new Date() })
  expect(await numbers()).toEqual({ faults: 1, sinceVerifiedSeconds: expect.any(Number) })

  // Mended, and signing alone does not say so.
  await broken.tamper("update audit_entry set name = 'remediation.confirmed' where tenant_id = $T and seq = 4")
  await tasks['sign-audit-heads']()
  expect((await numbers()).faults).toBe(1)
  await tasks['verify-audit-trails']()
  expect((await numbers()).faults).toBe(0)
})
