import { EncryptJWT, jwtDecrypt } from 'jose'
import { z } from 'zod'
import type { ServiceContext } from '../../context.ts'

/** How long a sign-in link can be opened. */
export const ticketLifetimeMs = 15 * 60_000

const ticketClaims = z.object({ operatorId: z.string(), tenantId: z.string(), exp: z.number() })

export interface SignInTicket {
  operatorId: string
  tenantId: string
  expiresAt: Date
}

type Sealing = Pick<ServiceContext, 'sealingKeys' | 'now'>

/** A stateless, sealed link: it names operator, tenant and expiry, and is worth nothing alone. */
export async function sealTicket(
  { sealingKeys, now }: Sealing,
  { operatorId, tenantId }: Omit<SignInTicket, 'expiresAt'>,
): Promise<{ ticket: string; expiresAt: Date }> {
  const [key] = sealingKeys
  if (!key) throw new Error('SEALING_KEY is empty')
  const expiresAt = new Date(Math.floor((now().getTime() + ticketLifetimeMs) / 1000) * 1000)
  const ticket = await new EncryptJWT({ operatorId, tenantId })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setAudience('sign-in')
    .setExpirationTime(expiresAt)
    .encrypt(key)
  return { ticket, expiresAt }
}

/** Null for a ticket that is expired, changed, or sealed with a key that we do not hold. */
export async function openTicket({ sealingKeys, now }: Sealing, ticket: string): Promise<SignInTicket | null> {
  for (const key of sealingKeys) {
    try {
      const { payload } = await jwtDecrypt(ticket, key, { audience: 'sign-in', currentDate: now() })
      const { operatorId, tenantId, exp } = ticketClaims.parse(payload)
      return { operatorId, tenantId, expiresAt: new Date(exp * 1000) }
    } catch {
      // Another key may have sealed it.
    }
  }
  return null
}
