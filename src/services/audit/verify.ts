/** Whether a tenant's audit trail is what was written: its chain and every head that was ever signed of it. */
import { type AuditFault, verifyAuditChain } from '../../db/audit-chain.ts'
import type { Tx } from '../../db/connection.ts'
import { type SignedHeadRow, signedHeadsOf } from '../../db/signed-heads.ts'
import type { SealingKeys } from '../authority/sealing.ts'
import { exportedHead, forged, placesOf, type SignedHead, signatureOf } from './signed-heads.ts'

export interface TrailVerification {
  /** Entries that were found in order. */
  rows: number
  signedHeads: number
  /** The last entry that a signed head in the database vouches for; null while there is none. */
  signedUpTo: number | null
  /** The first. */
  fault: AuditFault | null
}

export interface VerifyOptions {
  /** Heads of this tenant that were kept elsewhere. */
  kept?: readonly SignedHead[]
  onRows?: ((rows: number, total: number) => void) | undefined
}

export async function verifyTrail(
  tx: Tx,
  sealingKeys: SealingKeys,
  tenantId: string,
  { kept = [], onRows }: VerifyOptions = {},
): Promise<TrailVerification> {
  const stored = await signedHeadsOf(tx, tenantId)
  const chain = await verifyAuditChain(tx, tenantId, { places: placesOf(stored, kept), onRows })
  const faults = [chain.fault, faultOfHeads(sealingKeys, stored), faultOfKept(sealingKeys, kept)]
  return {
    rows: chain.rows,
    signedHeads: stored.length,
    signedUpTo: stored.at(-1)?.seq ?? null,
    fault: faults.reduce((first, fault) => (fault && (!first || fault.seq < first.seq) ? fault : first), null),
  }
}

/** Heads of a key that is gone count as long as a later one, of a key that we hold, vouches for the same entries. */
function faultOfHeads(sealingKeys: SealingKeys, stored: readonly SignedHeadRow[]): AuditFault | null {
  const heads = stored.map(exportedHead)
  for (const [place, head] of heads.entries()) {
    if (head.number !== place + 1) return { seq: head.seq, what: `Signed head ${place + 1} is missing.` }
    const signature = signatureOf(sealingKeys, head)
    if (signature === 'FORGED') return forged(head)
    if (signature === 'OTHER_KEY' && place === heads.length - 1) return ofOtherKey(head, `Signed head ${head.number}`)
  }
  return null
}

function faultOfKept(sealingKeys: SealingKeys, kept: readonly SignedHead[]): AuditFault | null {
  for (const head of kept) {
    const known = `The kept head of ${head.signedAt}`
    const signature = signatureOf(sealingKeys, head)
    if (signature === 'FORGED') return forged(head, known)
    if (signature === 'OTHER_KEY') return ofOtherKey(head, known)
  }
  return null
}

const ofOtherKey = ({ seq, keyId }: SignedHead, known: string): AuditFault => ({
  seq,
  what: `${known} cannot be checked: it was signed with the key ${keyId}, which SEALING_KEY does not have.`,
})
