import { z } from 'zod'
import type { FactReader } from './fact.ts'
import type { UserFact } from './user.ts'

/** Where a user's password is kept (B17). */
export type PasswordHome =
  | 'CLOUD'
  /** On-premises: a reset needs password writeback. */
  | 'SYNCHRONISED'
  /** In the guest's own organisation. */
  | 'GUEST'
  /** At a federated identity provider. */
  | 'FEDERATED'

const domain = z.object({ id: z.string().toLowerCase(), authenticationType: z.string().nullish() })

/** Domains of the tenant whose passwords are at a federated identity provider. Throws `UpstreamError`. */
export async function readFederatedDomains({ session, tenantId, fresh }: FactReader): Promise<ReadonlySet<string>> {
  const rows = await session.tenant(tenantId).graph.list('/domains?$select=id,authenticationType', { fresh })
  const federated = rows.map((row) => domain.parse(row)).filter((row) => row.authenticationType === 'Federated')
  return new Set(federated.map(({ id }) => id))
}

export function passwordHome(user: UserFact, federatedDomains: ReadonlySet<string>): PasswordHome {
  if (user.isGuest) return 'GUEST'
  const name = user.userPrincipalName.toLowerCase()
  if (federatedDomains.has(name.slice(name.lastIndexOf('@') + 1))) return 'FEDERATED'
  return user.isSynchronised ? 'SYNCHRONISED' : 'CLOUD'
}
