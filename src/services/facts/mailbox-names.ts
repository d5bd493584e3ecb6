/** Records name one mailbox in several ways (object id, address, alias): what a page asks about it is asked under one name. */
import type { Mailboxes } from './mailbox.ts'

/** The name under which a page asks about a mailbox: a guess by its address, without one the name itself. */
export type OneName = (name: string) => string

/** `known`: addresses, and under which name the mailbox of each is asked about. An alias is taken for the part before the `@`. */
export function oneNameOf(known: readonly { address: string; name: string }[]): OneName {
  const names = new Map<string, string | null>()
  for (const { address, name } of known) {
    const lower = address.toLowerCase()
    for (const called of [lower, lower.slice(0, lower.indexOf('@'))]) {
      const before = names.get(called) ?? name
      // Two mailboxes may be meant.
      names.set(called, names.get(called) === null || before.toLowerCase() !== name.toLowerCase() ? null : before)
    }
  }
  return (name) => names.get(name.toLowerCase()) ?? name
}

/** What `read` gives under the one name when Exchange says that both are one mailbox, else under the name itself. */
export async function readUnderOneName<T>(
  name: string,
  oneName: OneName,
  loadingMailboxes: Promise<Mailboxes>,
  read: (name: string) => Promise<T>,
): Promise<T> {
  const one = oneName(name)
  if (one === name) return read(name)
  const answer = read(one)
  answer.catch(() => {})
  // Known for all names at once, so that what is left to read leaves together.
  return isOne(await loadingMailboxes, name, one) ? answer : read(name)
}

function isOne(mailboxes: Mailboxes, ...names: [string, string]): boolean {
  const [a, b] = names.map((name) => {
    const mailbox = mailboxes.get(name)
    return mailbox?.known ? mailbox.value?.exchangeGuid : undefined
  })
  return a !== undefined && a === b
}
