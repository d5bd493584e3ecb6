/** Audit trails, and an owner of the database who changes them behind the service's back and knows how they are chained. */
import { appendAudit } from '../../src/db/audit.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { type SignedHead, signHead } from '../../src/services/audit/signed-heads.ts'
import { type TrailVerification, type VerifyOptions, verifyTrail } from '../../src/services/audit/verify.ts'
import type { SealingKeys } from '../../src/services/authority/sealing.ts'
import { ownerSql } from './owner-sql.ts'
import type { TestDatabase } from './postgres.ts'

const ada = { id: '01900000-0000-7000-8000-000000000001', kind: 'PERSON', displayName: 'Ada' } as const

/** Columns with what an owner may write into them; the last two are the chain itself. */
export const columnChanges: readonly [column: string, value: string][] = [
  ['tenant_id', 'gen_random_uuid()'],
  ['seq', 'seq + 1000'],
  ['at', "at + interval '1 microsecond'"],
  ['name', "'remediation.refused'"],
  ['operator', `operator || '{"displayName": "Bea"}'`],
  ['event_id', 'gen_random_uuid()'],
  ['run_id', 'null'],
  ['kind', "''"],
  ['subject_id', 'gen_random_uuid()'],
  ['details', `details - 'n'`],
  ['previous_hash', "sha256('x')"],
  ['hash', "sha256('x')"],
]

export async function aTrail(database: TestDatabase, keys: SealingKeys) {
  const tenantId = crypto.randomUUID()
  const { db } = database
  let length = 0
  await db.withTenants([tenantId], (tx) => upsertTenant(tx, { id: tenantId, name: 'Contoso', status: 'CONNECTED' }))
  return {
    tenantId,
    async append(count: number): Promise<void> {
      const entries = Array.from({ length: count }, (_, place) => ({
        tenantId,
        name: 'remediation.confirmed',
        at: new Date(Date.UTC(2026, 2, 4, 5, 6, length + place)),
        operator: ada,
        eventId: crypto.randomUUID(),
        runId: crypto.randomUUID(),
        kind: 'DISABLE_USER',
        subjectId: crypto.randomUUID(),
        details: { n: length + place + 1, sentence: 'Blocked the sign-in of Bo, "at once"' },
      }))
      length += count
      await db.withTenants([tenantId], (tx) => appendAudit(tx, entries))
    },
    sign: (with_: SealingKeys = keys) => signHead({ db, sealingKeys: with_, now: () => new Date() }, tenantId),
    async signed(): Promise<SignedHead> {
      const { head, fault } = await this.sign()
      if (!head) throw new Error(fault?.what ?? 'There are no entries')
      return head
    },
    verify: (options: VerifyOptions = {}, with_: SealingKeys = keys): Promise<TrailVerification> =>
      db.withTenants([tenantId], (tx) => verifyTrail(tx, with_, tenantId, options)),
    /** As the owner; `$T` is the tenant. */
    async tamper(...statements: string[]): Promise<void> {
      for (const statement of statements) await ownerSql(database, statement.replaceAll('$T', `'${tenantId}'`))
    },
    /** What a careful forger does at the end: no gap, every hash as it should be, the head with it. */
    recompute: `do $$
      declare entry audit_entry; previous bytea := decode(repeat('00', 32), 'hex'); n bigint := 0; was bigint; canonical text;
      begin
        for entry in select * from audit_entry where tenant_id = $T order by seq loop
          n := n + 1; was := entry.seq; entry.seq := n; entry.previous_hash := previous;
          select string_agg(coalesce(octet_length(convert_to(field, 'UTF8')) || ':' || field, '-'), ',' order by position)
          into canonical from unnest(audit_fields(entry)) with ordinality f(field, position);
          entry.hash := sha256(previous || convert_to(canonical, 'UTF8'));
          update audit_entry set seq = n, previous_hash = previous, hash = entry.hash where tenant_id = $T and seq = was;
          previous := entry.hash;
        end loop;
        update audit_head set seq = n, hash = previous where tenant_id = $T;
      end $$`,
  }
}

export type Trail = Awaited<ReturnType<typeof aTrail>>

/** Entries `one` and `other` change places. */
export const swap = (one: number, other: number): string[] => [
  `update audit_entry set seq = 0 where tenant_id = $T and seq = ${one}`,
  `update audit_entry set seq = ${one} where tenant_id = $T and seq = ${other}`,
  `update audit_entry set seq = ${other} where tenant_id = $T and seq = 0`,
]
