import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import type { ExchangeClient } from '../../clients/types.ts'
import type { SubjectOf } from '../events/types.ts'
import { type FactReader, known, type Reading, reading } from './fact.ts'

/** A mailbox of the tenant, shared ones included, as Exchange has it now (reference, section 4.6). */
export interface MailboxFact {
  exchangeGuid: string
  /** For `X-AnchorMailbox`; shared mailboxes have one as well. */
  userPrincipalName: string | null
  displayName: string
  primarySmtpAddress: string
  recipientTypeDetails: string
  /** A recipient of the tenant, shown by name; an administrator set it. */
  forwardingAddress: string | null
  /** Any address with the prefix `smtp:`; the user may have set it. */
  forwardingSmtpAddress: string | null
  deliverToMailboxAndForward: boolean
  /** Names of those who may send on its behalf. */
  grantSendOnBehalfTo: readonly string[]
  /** Everything by which permissions name it and no other, in lower case. */
  names: readonly string[]
}

const getMailbox = z.object({
  ExchangeGuid: z.string(),
  Alias: z.string().nullish(),
  Name: z.string().nullish(),
  DisplayName: z.string().nullish(),
  PrimarySmtpAddress: z.string(),
  RecipientTypeDetails: z.string(),
  ForwardingAddress: z.string().nullish(),
  ForwardingSmtpAddress: z.string().nullish(),
  DeliverToMailboxAndForward: z.boolean().nullish(),
  GrantSendOnBehalfTo: z.array(z.string()).nullish(),
  EmailAddresses: z.array(z.string()).nullish(),
  ExternalDirectoryObjectId: z.string().nullish(),
  UserPrincipalName: z.string().nullish(),
})

const select = Object.keys(getMailbox.shape)

/**
 * How Exchange finds a mailbox without a guess: a user's by object id, else by user principal name; another by its GUID, else by what
 * the record calls it (address or alias).
 */
export function mailboxIdentity(subject: SubjectOf<'USER' | 'MAILBOX'>): string | null {
  if (subject.type === 'MAILBOX') return subject.attributes.exchangeGuid ?? subject.attributes.mailbox
  return subject.attributes.objectId ?? subject.attributes.userPrincipalName ?? null
}

/** Null when there is no such mailbox. Throws `UpstreamError` for all else. */
export async function readMailbox(
  exchange: ExchangeClient,
  identity: string,
  options: { fresh: boolean },
): Promise<MailboxFact | null> {
  const rows = await orNull(
    async () => (await exchange.invoke('Get-Mailbox', { Identity: identity }, { ...options, select })).value,
  )
  // A Get- cmdlet may answer with more than was asked for (reference, section 4.5).
  return directoryOf(rows ?? []).find(identity) ?? null
}

/** Mailboxes by everything that Exchange takes for an identity; a name that two of them bear finds none. */
function directoryOf(rows: readonly Record<string, unknown>[]) {
  const byName = new Map<string, MailboxFact>()
  const shared = new Set<string>()
  for (const row of rows.map((one) => getMailbox.parse(one))) {
    const mailbox = {
      exchangeGuid: row.ExchangeGuid,
      userPrincipalName: row.UserPrincipalName || null,
      displayName: row.DisplayName || row.PrimarySmtpAddress,
      primarySmtpAddress: row.PrimarySmtpAddress,
      recipientTypeDetails: row.RecipientTypeDetails,
      forwardingAddress: row.ForwardingAddress || null,
      forwardingSmtpAddress: row.ForwardingSmtpAddress || null,
      deliverToMailboxAndForward: row.DeliverToMailboxAndForward === true,
      grantSendOnBehalfTo: row.GrantSendOnBehalfTo ?? [],
      names: namesOf(row),
    }
    // Records of cmdlets often name a mailbox as a person does.
    for (const name of new Set([...mailbox.names, mailbox.displayName.toLowerCase()])) {
      if (byName.has(name)) shared.add(name)
      byName.set(name, mailbox)
    }
  }
  for (const name of shared) byName.delete(name)
  const isShared = (identity: string) => shared.has(identity.toLowerCase())
  return { find: (identity: string) => byName.get(identity.toLowerCase()), isShared }
}

function namesOf(row: z.infer<typeof getMailbox>): string[] {
  const { ExternalDirectoryObjectId, UserPrincipalName, ExchangeGuid, PrimarySmtpAddress, Alias, Name } = row
  const addresses = (row.EmailAddresses ?? []).map((address) => address.replace(/^smtp:/i, ''))
  const ids = [ExternalDirectoryObjectId, UserPrincipalName, ExchangeGuid, PrimarySmtpAddress, ...addresses]
  const names = [...ids, Alias, Name]
  return [...new Set(names.flatMap((name) => (name ? [name.toLowerCase()] : [])))]
}

/** From so many on, one page of all mailboxes is cheaper than a look-up for each. */
const rosterFrom = 11

/** By the identities asked for; null: no such mailbox. */
export type Mailboxes = ReadonlyMap<string, Reading<MailboxFact | null>>

/** One that cannot be read is unknown, and nothing else is. */
export async function loadMailboxes(
  { session, tenantId, fresh }: FactReader,
  identities: readonly string[],
): Promise<Mailboxes> {
  const { exchange } = session.tenant(tenantId)
  const asked = [...new Set(identities)]
  const lookUp = async (names: readonly string[]) =>
    new Map(
      await Promise.all(
        names.map(async (name) => [name, await reading(() => readMailbox(exchange, name, { fresh }))] as const),
      ),
    )
  if (asked.length < rosterFrom) return lookUp(asked)
  const roster = await reading(() => exchange.invoke('Get-Mailbox', {}, { fresh, select, firstPageOnly: true }))
  if (!roster.known) return new Map(asked.map((name) => [name, roster]))
  const { find, isShared } = directoryOf(roster.value.value)
  // In a tenant of more than a thousand mailboxes the rest is looked up; so is a name that two bear, for Exchange to judge.
  const lookedUp = await lookUp(asked.filter((name) => !find(name) && (roster.value.hasMore || isShared(name))))
  return new Map(asked.map((name) => [name, lookedUp.get(name) ?? known(find(name) ?? null)]))
}

/** One cmdlet for each subject, all in one wave. Keys are subject ids. */
export async function loadEach<T>(
  { session, tenantId, fresh }: FactReader,
  subjects: readonly SubjectOf<'USER'>[],
  read: (exchange: ExchangeClient, identity: string, options: { fresh: boolean }) => Promise<T | null>,
): Promise<Map<string, Reading<T | null>>> {
  const { exchange } = session.tenant(tenantId)
  const readings = subjects.map(async (subject): Promise<[string, Reading<T | null>]> => {
    const identity = mailboxIdentity(subject)
    return [subject.id, identity ? await reading(() => read(exchange, identity, { fresh })) : known(null)]
  })
  return new Map(await Promise.all(readings))
}

/** Null where Exchange says that there is no such object. */
export async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'NOT_FOUND') return null
    throw error
  }
}
