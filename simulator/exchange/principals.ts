/** Who can be given access: how permissions show them, and how callers name them. */
import type { Tenant } from '../world.ts'
import { objectAmbiguous, objectNotFound } from './errors.ts'

export interface Principal {
  /** In permissions of mailboxes and recipients. */
  account: string
  /** In permissions of folders. */
  displayName: string
}

/** Everybody in the own mailbox. */
export const self = 'NT AUTHORITY\\SELF'

/** System accounts and SIDs stand for themselves. Throws `ExchangeError` when there is none of that name, or more than one. */
export function principalNamed(tenant: Tenant, name: string): Principal {
  if (/^(NT AUTHORITY\\|S-1-)/i.test(name)) return { account: name, displayName: name }
  const wanted = name.toLowerCase()
  const all = principalsOf(tenant)
  const unique = all.find(({ ids }) => ids.some((id) => id.toLowerCase() === wanted))
  const named = unique ? [unique] : all.filter(({ names }) => names.some((one) => one.toLowerCase() === wanted))
  const [first, second] = named
  if (second) throw objectAmbiguous(name)
  if (!first) throw objectNotFound(name)
  return first
}

export const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** With what names only one of them, and what may name several. */
function principalsOf({ users, groups, mailboxes }: Tenant): (Principal & { ids: string[]; names: string[] })[] {
  const people = users.map(({ id, userPrincipalName, displayName, mail }) => {
    const mailbox = mailboxes.find(({ externalDirectoryObjectId }) => externalDirectoryObjectId === id)
    const addresses = (mailbox?.emailAddresses ?? []).map((address) => address.replace(/^smtp:/i, ''))
    return {
      account: userPrincipalName,
      displayName,
      ids: [id, userPrincipalName, ...(mail ? [mail] : []), ...addresses, ...(mailbox ? [mailbox.exchangeGuid] : [])],
      names: [displayName, ...(mailbox ? [mailbox.alias] : [])],
    }
  })
  const ofGroups = groups.map(({ id, displayName }) => ({
    account: displayName,
    displayName,
    ids: [id],
    names: [displayName],
  }))
  return [...people, ...ofGroups]
}
