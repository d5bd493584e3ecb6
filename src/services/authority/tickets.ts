/** Links that are worth nothing alone: sealed, stateless, with an end. */
import { z } from 'zod'
import type { ServiceContext } from '../../context.ts'
import { roles } from '../../context.ts'
import { seal, unseal } from './sealing.ts'

/** How long a sign-in link can be opened. */
export const ticketLifetimeMs = 15 * 60_000
/** A consent link goes by mail to somebody else's administrator, who may be away. */
export const consentTicketLifetimeMs = 7 * 24 * 60 * 60_000

export interface SignInTicket {
  operatorId: string
  tenantId: string
  expiresAt: Date
}

/** What connecting a tenant gives to whom, once an administrator of the tenant agreed. */
export const connection = z.object({
  name: z.string(),
  grantee: z.union([z.object({ operatorId: z.guid() }), z.object({ partnerId: z.guid() })]),
  roles: z.array(z.enum(roles)),
})
export type Connection = z.infer<typeof connection>

export interface ConsentTicket extends SignInTicket {
  /** Null: the tenant is known, only its consent is missing. */
  connect: Connection | null
}

export type OpenedTicket<Ticket> = { ticket: Ticket } | { fault: 'INVALID' | 'EXPIRED' }

export type Sealing = Pick<ServiceContext, 'sealingKeys' | 'now'>

const claims = z.object({ operatorId: z.guid(), tenantId: z.guid(), exp: z.number() })
const consentClaims = claims.extend({ connect: connection.nullable() })

function sealClaims(
  { sealingKeys, now }: Sealing,
  purpose: string,
  values: object,
  lifetimeMs: number,
): { ticket: string; expiresAt: Date } {
  const exp = Math.floor((now().getTime() + lifetimeMs) / 1000)
  return { ticket: seal(sealingKeys, purpose, JSON.stringify({ ...values, exp })), expiresAt: new Date(exp * 1000) }
}

function openClaims<Claims extends { exp: number }>(
  { sealingKeys, now }: Sealing,
  purpose: string,
  schema: z.ZodType<Claims>,
  ticket: string,
): OpenedTicket<Omit<Claims, 'exp'> & { expiresAt: Date }> {
  const text = ticket.length > 4_096 ? null : unseal(sealingKeys, purpose, ticket)
  if (text === null) return { fault: 'INVALID' }
  const { exp, ...rest } = schema.parse(JSON.parse(text))
  const expiresAt = new Date(exp * 1000)
  return now() < expiresAt ? { ticket: { ...rest, expiresAt } } : { fault: 'EXPIRED' }
}

/** The link under which an administrator signs in for this operator and tenant. */
export const sealTicket = (sealing: Sealing, { operatorId, tenantId }: Omit<SignInTicket, 'expiresAt'>) =>
  sealClaims(sealing, 'sign-in link', { operatorId, tenantId }, ticketLifetimeMs)

export const openTicket = (sealing: Sealing, ticket: string): OpenedTicket<SignInTicket> =>
  openClaims(sealing, 'sign-in link', claims, ticket)

/** The link under which an administrator of the tenant consents. */
export const sealConsentTicket = (
  sealing: Sealing,
  { operatorId, tenantId, connect }: Omit<ConsentTicket, 'expiresAt'>,
) => sealClaims(sealing, 'consent link', { operatorId, tenantId, connect }, consentTicketLifetimeMs)

export const openConsentTicket = (sealing: Sealing, ticket: string): OpenedTicket<ConsentTicket> =>
  openClaims(sealing, 'consent link', consentClaims, ticket)
