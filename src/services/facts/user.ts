import { z } from 'zod'
import type { SubjectOf } from '../events/types.ts'
import { type FactReader, inFilters, known, type Reading, reading } from './fact.ts'

/** A user of the tenant as Graph has it now. */
export interface UserFact {
  /** Entra object id. */
  id: string
  userPrincipalName: string
  displayName: string
  /** Every address at which mail reaches the user, in lower case. */
  addresses: readonly string[]
  accountEnabled: boolean
  /** A guest, or an external member: the account and its password live in another tenant (reference, section 9). */
  isGuest: boolean
  /** Synchronised from an on-premises directory. */
  isSynchronised: boolean
  signInSessionsValidFrom: Date | null
  lastPasswordChange: Date | null
}

const properties = [
  ...['id', 'userPrincipalName', 'displayName', 'mail', 'otherMails', 'proxyAddresses', 'accountEnabled', 'userType'],
  ...['onPremisesSyncEnabled', 'signInSessionsValidFromDateTime', 'lastPasswordChangeDateTime'],
].join(',')

const graphUser = z.object({
  id: z.string(),
  userPrincipalName: z.string(),
  displayName: z.string().nullish(),
  mail: z.string().nullish(),
  otherMails: z.array(z.string()).nullish(),
  /** With a prefix each, e.g. `smtp:`. */
  proxyAddresses: z.array(z.string()).nullish(),
  accountEnabled: z.boolean(),
  userType: z.string().nullish(),
  onPremisesSyncEnabled: z.boolean().nullish(),
  signInSessionsValidFromDateTime: z.string().nullish(),
  lastPasswordChangeDateTime: z.string().nullish(),
})

function parseUser(body: unknown): UserFact {
  const user = graphUser.parse(body)
  return {
    id: user.id.toLowerCase(),
    userPrincipalName: user.userPrincipalName,
    displayName: user.displayName ?? user.userPrincipalName,
    addresses: addressesOf(user),
    accountEnabled: user.accountEnabled,
    isGuest: user.userType === 'Guest' || user.userPrincipalName.includes('#EXT#'),
    isSynchronised: user.onPremisesSyncEnabled === true,
    signInSessionsValidFrom: user.signInSessionsValidFromDateTime
      ? new Date(user.signInSessionsValidFromDateTime)
      : null,
    lastPasswordChange: user.lastPasswordChangeDateTime ? new Date(user.lastPasswordChangeDateTime) : null,
  }
}

function addressesOf(user: z.infer<typeof graphUser>): string[] {
  const proxies = (user.proxyAddresses ?? []).map((address) => address.replace(/^[a-z0-9]+:/i, ''))
  const all = [user.userPrincipalName, user.mail, ...(user.otherMails ?? []), ...proxies]
  return [...new Set(all.flatMap((address) => (address ? [address.toLowerCase()] : [])))]
}

/**
 * Users by object id, or by user principal name where no record told the id: lists of 15, all in one wave.
 * A user that Graph does not know is `null`. Keys are subject ids.
 */
export async function loadUsers(
  reader: FactReader,
  subjects: readonly SubjectOf<'USER'>[],
): Promise<Map<string, Reading<UserFact | null>>> {
  const wanted = new Map<string, { key: string; property: 'id' | 'userPrincipalName' }>()
  for (const { id, attributes } of subjects) {
    if (attributes.objectId) wanted.set(id, { key: attributes.objectId.toLowerCase(), property: 'id' })
    else if (attributes.userPrincipalName)
      wanted.set(id, { key: attributes.userPrincipalName.toLowerCase(), property: 'userPrincipalName' })
  }

  const { graph } = reader.session.tenant(reader.tenantId)
  const found = new Map<string, Reading<UserFact | null>>()
  const readAll = (property: 'id' | 'userPrincipalName') => {
    const keys = [...wanted.values()].filter((want) => want.property === property).map((want) => want.key)
    return inFilters(property, keys).map(async ({ values, filter }) => {
      const answer = await reading(async () => {
        const users = await graph.list(`/users?$filter=${filter}&$select=${properties}`, { fresh: reader.fresh })
        return new Map(users.map(parseUser).map((user) => [user[property].toLowerCase(), user]))
      })
      for (const value of values) {
        found.set(`${property} ${value}`, answer.known ? known(answer.value.get(value) ?? null) : answer)
      }
    })
  }
  await Promise.all([...readAll('id'), ...readAll('userPrincipalName')])

  return new Map(
    subjects.map(({ id }) => {
      const want = wanted.get(id)
      return [id, (want && found.get(`${want.property} ${want.key}`)) ?? known(null)]
    }),
  )
}
