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
  primarySmtpAddress: string
  recipientTypeDetails: string
  /** A recipient of the tenant, shown by name; an administrator set it. */
  forwardingAddress: string | null
  /** Any address with the prefix `smtp:`; the user may have set it. */
  forwardingSmtpAddress: string | null
  deliverToMailboxAndForward: boolean
  /** Names of those who may send on its behalf. */
  grantSendOnBehalfTo: readonly string[]
}

const getMailbox = z.object({
  ExchangeGuid: z.string(),
  Alias: z.string().nullish(),
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

/** Null when the user has no mailbox. Throws `UpstreamError` for all else. */
export async function readMailbox(
  exchange: ExchangeClient,
  identity: string,
  options: { fresh: boolean },
): Promise<MailboxFact | null> {
  const rows = await orNull(
    async () => (await exchange.invoke('Get-Mailbox', { Identity: identity }, { ...options, select })).value,
  )
  // A Get- cmdlet may answer with more than was asked for (reference, section 4.5).
  return mailboxesByName(rows ?? []).get(identity.toLowerCase()) ?? null
}

/** By everything that Exchange takes for an identity and that two mailboxes cannot share, in lower case. */
function mailboxesByName(rows: readonly Record<string, unknown>[]): Map<string, MailboxFact> {
  const found = new Map<string, MailboxFact>()
  for (const row of rows.map((one) => getMailbox.parse(one))) {
    const mailbox = {
      exchangeGuid: row.ExchangeGuid,
      userPrincipalName: row.UserPrincipalName || null,
      primarySmtpAddress: row.PrimarySmtpAddress,
      recipientTypeDetails: row.RecipientTypeDetails,
      forwardingAddress: row.ForwardingAddress || null,
      forwardingSmtpAddress: row.ForwardingSmtpAddress || null,
      deliverToMailboxAndForward: row.DeliverToMailboxAndForward === true,
      grantSendOnBehalfTo: row.GrantSendOnBehalfTo ?? [],
    }
    const addresses = (row.EmailAddresses ?? []).map((address) => address.replace(/^smtp:/i, ''))
    const { ExternalDirectoryObjectId, UserPrincipalName, ExchangeGuid, PrimarySmtpAddress, Alias } = row
    for (const name of [
      ExternalDirectoryObjectId,
      UserPrincipalName,
      ExchangeGuid,
      PrimarySmtpAddress,
      Alias,
      ...addresses,
    ])
      if (name) found.set(name.toLowerCase(), mailbox)
  }
  return found
}

/** From so many on, one page of all mailboxes is cheaper than a look-up for each. */
const rosterFrom = 11

/** One that cannot be read is unknown, and nothing else is. */
export async function loadMailboxes(
  reader: FactReader,
  subjects: readonly SubjectOf<'USER' | 'MAILBOX'>[],
): Promise<Map<string, Reading<MailboxFact | null>>> {
  if (subjects.length < rosterFrom) return loadEach(reader, subjects, readMailbox)
  const { exchange } = reader.session.tenant(reader.tenantId)
  const roster = await reading(async () => {
    const page = await exchange.invoke('Get-Mailbox', {}, { fresh: reader.fresh, select, firstPageOnly: true })
    return { mailboxes: mailboxesByName(page.value), isWhole: !page.hasMore }
  })
  if (!roster.known) return new Map(subjects.map(({ id }) => [id, roster]))
  const { mailboxes, isWhole } = roster.value
  const found = (subject: SubjectOf<'USER' | 'MAILBOX'>) => mailboxes.get(mailboxIdentity(subject)?.toLowerCase() ?? '')
  // A tenant of more than a thousand mailboxes: who is on a later page is looked up.
  const missing = isWhole ? [] : subjects.filter((subject) => !found(subject))
  const lookedUp = await loadEach(reader, missing, readMailbox)
  return new Map(subjects.map((subject) => [subject.id, lookedUp.get(subject.id) ?? known(found(subject) ?? null)]))
}

/** One cmdlet for each subject, all in one wave. Keys are subject ids. */
export async function loadEach<T>(
  { session, tenantId, fresh }: FactReader,
  subjects: readonly SubjectOf<'USER' | 'MAILBOX'>[],
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
