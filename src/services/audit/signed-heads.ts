/**
 * Signed heads. The chain alone cannot show that it was computed anew or lost its end: a head signed with a key that is not in
 * the database can, up to that head; and one that is kept elsewhere can even where the database's own are gone.
 */
import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Services } from '../../context.ts'
import { type AuditFault, type KnownPlace, verifyAuditChain } from '../../db/audit-chain.ts'
import { insertSignedHead, lastSignedHeadOf, type SignedHeadRow, signedHeadsOf } from '../../db/signed-heads.ts'
import { keyedHashes, type SealingKeys } from '../authority/sealing.ts'

/** As it is exported and kept: bytes in hex, time in UTC. */
export type SignedHead = z.infer<typeof signedHead>

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))

export const signedHead = z.object({
  tenantId: z.guid(),
  number: z.int().positive(),
  seq: z.int().positive(),
  hash: hex(32),
  signedAt: z.iso.datetime(),
  keyId: hex(8),
  signature: hex(32),
})

export const exportedHead = ({ hash, signedAt, signature, ...head }: SignedHeadRow): SignedHead => ({
  ...head,
  hash: hash.toString('hex'),
  signedAt: signedAt.toISOString(),
  signature: signature.toString('hex'),
})

export type Signature = 'GOOD' | 'FORGED' | 'OTHER_KEY'

type Unsigned = Omit<SignedHead, 'keyId' | 'signature'>

/** Signs with the first key. */
function sign(keys: SealingKeys, head: Unsigned): SignedHead {
  const [signature] = signatures(keys, head)
  const [keyId] = keyIds(keys)
  if (!signature || !keyId) throw new Error('SEALING_KEY is empty')
  return { ...head, keyId, signature: signature.toString('hex') }
}

/** `OTHER_KEY`: of a key that `SEALING_KEY` does not have (any more). */
export function signatureOf(keys: SealingKeys, head: SignedHead): Signature {
  const place = keyIds(keys).indexOf(head.keyId)
  const expected = signatures(keys, head)[place]
  if (!expected) return 'OTHER_KEY'
  return timingSafeEqual(expected, Buffer.from(head.signature, 'hex')) ? 'GOOD' : 'FORGED'
}

const signatures = (keys: SealingKeys, { tenantId, number, seq, hash, signedAt }: Unsigned): Buffer[] =>
  keyedHashes(keys, 'audit head', JSON.stringify([tenantId, number, seq, hash, signedAt]))

const keyIds = (keys: SealingKeys): string[] =>
  keyedHashes(keys, 'audit head key', '').map((hash) => hash.subarray(0, 8).toString('hex'))

export type Signing = Pick<Services, 'db' | 'sealingKeys' | 'now'>

/**
 * The tenant's head, signed: the last one where nothing was added since. What was added is verified before it is vouched for,
 * and a broken chain is not signed. No head and no fault: there are no entries yet.
 */
export function signHead(
  { db, sealingKeys, now }: Signing,
  tenantId: string,
): Promise<{ head: SignedHead; isNew: boolean; fault: null } | { head: null; fault: AuditFault | null }> {
  return db.withTenants([tenantId], async (tx) => {
    const row = await lastSignedHeadOf(tx, tenantId)
    const last = row && exportedHead(row)
    const signature = last && signatureOf(sealingKeys, last)
    if (last && signature === 'FORGED') return { head: null, fault: forged(last) }
    const {
      rows: seq,
      hash,
      fault,
    } = await verifyAuditChain(
      tx,
      tenantId,
      row && signature === 'GOOD' ? { from: row } : { places: placesOf(await signedHeadsOf(tx, tenantId)) },
    )
    if (fault) return { head: null, fault }
    if (seq === 0) return { head: null, fault: null }
    // After a change of keys the same head is signed again, so that the old key can go.
    if (last?.seq === seq && last.keyId === keyIds(sealingKeys)[0]) return { head: last, isNew: false, fault: null }
    const head = sign(sealingKeys, {
      tenantId,
      number: (last?.number ?? 0) + 1,
      seq,
      hash: hash.toString('hex'),
      signedAt: now().toISOString(),
    })
    // Where another signer was first, both are good: this one is not kept here.
    const isNew = await insertSignedHead(tx, storedHead(head))
    return { head, isNew, fault: null }
  })
}

export const storedHead = ({ hash, signedAt, signature, ...head }: SignedHead): SignedHeadRow => ({
  ...head,
  hash: Buffer.from(hash, 'hex'),
  signedAt: new Date(signedAt),
  signature: Buffer.from(signature, 'hex'),
})

/** In the order of `seq`. */
export const placesOf = (stored: readonly SignedHeadRow[], kept: readonly SignedHead[] = []): KnownPlace[] =>
  [
    ...stored.map(({ seq, hash, signedAt }) => ({ seq, hash, known: `the head signed on ${signedAt.toISOString()}` })),
    ...kept.map(storedHead).map(({ seq, hash, signedAt }) => ({
      seq,
      hash,
      known: `the kept head of ${signedAt.toISOString()}`,
    })),
  ].sort((a, b) => a.seq - b.seq)

export const forged = ({ seq, number }: SignedHead, known = `Signed head ${number}`): AuditFault => ({
  seq,
  what: `${known}, of entry ${seq}, was changed after it was signed.`,
})
