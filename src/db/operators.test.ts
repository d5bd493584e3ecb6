import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys.ts'
import type { Database } from './connection.ts'
import { enqueue } from './jobs.ts'
import {
  grantAccess,
  listAccess,
  operatorByApiKey,
  operatorsByIds,
  revokeAccess,
  signInOperator,
  upsertOperator,
  upsertPartner,
} from './operators.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await aDatabase()
  db = database.db
})
afterAll(() => database.drop())

const home = '11111111-1111-4111-8111-111111111111'
const [contoso, fabrikam] = ['22222222-2222-4222-8222-222222222222', '33333333-3333-4333-8333-333333333333']
const aPerson = (displayName = 'Ada', tenantId = home) => ({
  kind: 'PERSON' as const,
  tenantId,
  externalId: crypto.randomUUID(),
  displayName,
})
const grantedBy = 'the command line'

describe('signing in', () => {
  test('adds the operator at the first time, in one statement, and knows it afterwards', async () => {
    const person = aPerson()
    const before = db.statements()
    const first = await db.plain((tx) => signInOperator(tx, person))
    expect(db.statements() - before).toBe(1)
    expect(first).toMatchObject({
      operator: { displayName: 'Ada', objectId: person.externalId, tenantId: home, email: null },
      grants: [],
    })
    expect(await db.plain((tx) => signInOperator(tx, person))).toEqual(first)
    const renamed = await db.plain((tx) => signInOperator(tx, { ...person, displayName: 'Ada L.' }))
    expect(renamed.operator).toEqual({ ...first.operator, displayName: 'Ada L.' })
    expect(await db.plain((tx) => operatorsByIds(tx, [first.operator.id]))).toEqual([renamed.operator])
  })

  test('at the same moment several times is one operator', async () => {
    const person = aPerson()
    const all = await Promise.all(Array.from({ length: 8 }, () => db.plain((tx) => signInOperator(tx, person))))
    expect(new Set(all.map(({ operator }) => operator.id)).size).toBe(1)
  })

  test('gives the grants in force, of the operator and of its partner', async () => {
    const person = aPerson('Bea', '44444444-4444-4444-8444-444444444444')
    await db.plain(async (tx) => {
      const { operator } = await signInOperator(tx, person)
      const partner = await upsertPartner(tx, { name: 'Northwind', entraTenantId: person.tenantId })
      expect((await signInOperator(tx, person)).grants).toEqual([])
      await upsertOperator(tx, { ...person, partnerId: partner.id })
      await grantAccess(tx, { operatorId: operator.id, tenantId: contoso, roles: ['Events.Read'], grantedBy })
      await grantAccess(tx, {
        operatorId: operator.id,
        tenantId: contoso,
        roles: ['Audit.Read', 'Events.Read'],
        grantedBy,
      })
      await grantAccess(tx, { partnerId: partner.id, tenantId: contoso, roles: ['Remediations.User'], grantedBy })
      await grantAccess(tx, { partnerId: partner.id, tenantId: fabrikam, roles: ['Events.Read'], grantedBy })
      const grants = async () =>
        (await signInOperator(tx, person)).grants.map(({ tenantId, roles }) => [tenantId, roles.toSorted()]).sort()
      expect(await grants()).toEqual([
        [contoso, ['Audit.Read', 'Events.Read', 'Remediations.User']],
        [fabrikam, ['Events.Read']],
      ])
      expect(await listAccess(tx, { operatorId: operator.id })).toMatchObject([
        { granteeName: 'Bea', roles: ['Audit.Read', 'Events.Read'] },
      ])
      expect(await revokeAccess(tx, { operatorId: operator.id, tenantId: contoso, revokedAt: new Date() })).toBe(true)
      expect(await revokeAccess(tx, { operatorId: operator.id, tenantId: contoso, revokedAt: new Date() })).toBe(false)
      expect(await revokeAccess(tx, { partnerId: partner.id, tenantId: fabrikam, revokedAt: new Date() })).toBe(true)
      expect(await grants()).toEqual([[contoso, ['Remediations.User']]])
      const colleague = { ...aPerson('Dora'), tenantId: person.tenantId }
      expect((await signInOperator(tx, colleague)).grants, 'a home tenant alone opens nothing').toEqual([])
    })
  })

  test('keeps the address and the partner that an administrator gave', async () => {
    await db.plain(async (tx) => {
      const person = aPerson('Cai')
      const partner = await upsertPartner(tx, { name: 'Litware', entraTenantId: crypto.randomUUID() })
      await upsertOperator(tx, { ...person, email: 'cai@contoso.com', partnerId: partner.id })
      await grantAccess(tx, { partnerId: partner.id, tenantId: contoso, roles: ['Events.Read'], grantedBy })
      await upsertOperator(tx, person)
      const { operator, grants } = await signInOperator(tx, person)
      expect(operator.email).toBe('cai@contoso.com')
      expect(grants).toEqual([{ tenantId: contoso, roles: ['Events.Read'] }])
    })
  })
})

describe('API keys', () => {
  const hash = () => createHash('sha256').update(crypto.randomUUID()).digest()
  test('act as their own operator until they expire or are revoked', async () => {
    const key = { name: 'SIEM', hash: hash(), lastFour: 'abcd', expiresAt: new Date('2030-01-01T00:00:00Z') }
    await db.plain(async (tx) => {
      const made = await createApiKey(tx, key)
      await grantAccess(tx, { operatorId: made.operatorId, tenantId: contoso, roles: ['Events.Ingest'], grantedBy })
      const at = (moment: string) => operatorByApiKey(tx, key.hash, new Date(moment))
      expect(await at('2029-12-31T23:59:59Z')).toMatchObject({
        operator: { id: made.operatorId, kind: 'API_KEY', tenantId: null, objectId: null, displayName: 'SIEM' },
        grants: [{ tenantId: contoso, roles: ['Events.Ingest'] }],
      })
      expect(await at('2030-01-01T00:00:00Z')).toBeNull()
      expect(await operatorByApiKey(tx, hash(), new Date('2029-01-01'))).toBeNull()
      expect(await revokeApiKey(tx, made.id, new Date())).toMatchObject({ id: made.id, revokedAt: expect.any(Date) })
      expect(await revokeApiKey(tx, made.id, new Date())).toBeNull()
      expect(await at('2029-01-01')).toBeNull()
      expect((await listApiKeys(tx)).map(({ name, lastFour }) => [name, lastFour])).toEqual([['SIEM', 'abcd']])
    })
  })
})

describe('jobs', () => {
  test('exist with the transaction that asked for them, and not without it', async () => {
    const lost = db.plain(async (tx) => {
      await enqueue(tx, 'recover', { runId: 'lost' })
      throw new Error('lost')
    })
    await expect(lost).rejects.toThrow('lost')
    const runAt = new Date('2031-01-01T00:00:00.000Z')
    await db.plain(async (tx) => {
      await enqueue(tx, 'recover', { runId: 'kept' }, { runAt, jobKey: 'one' })
      await enqueue(tx, 'recover', { runId: 'replaced it' }, { runAt, jobKey: 'one' })
      await enqueue(tx, 'poll', {})
    })
    const { default: postgres } = await import('postgres')
    const jobs = postgres(database.jobsUrl, { max: 1 })
    const rows = await jobs`
      select t.identifier, j.payload, j.run_at from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
      order by t.identifier desc`
    expect(rows).toMatchObject([
      { identifier: 'recover', payload: { runId: 'replaced it' }, run_at: runAt },
      { identifier: 'poll' },
    ])
    await jobs.end()
  })

  test('are added only: the serving role cannot read or change the queue', async () => {
    await expect(db.plain((tx) => tx.execute(sql`select * from graphile_worker._private_jobs`))).rejects.toMatchObject({
      code: '42501',
    })
  })
})
