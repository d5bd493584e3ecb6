import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import type { ExchangeClient } from '../../clients/types.ts'
import type { SubjectOf } from '../events/types.ts'
import { type FactReader, known, type Reading, reading } from './fact.ts'

/** A mailbox of the tenant, shared ones included, as Exchange has it now (reference, section 4.6). */
export interface MailboxFact {
  exchangeGuid: string
  primarySmtpAddress: string
  recipientTypeDetails: string
  /** A recipient of the tenant, shown by name; an administrator set it. */
  forwardingAddress: string | null
  /** Any address with the prefix `smtp:`; the user may have set it. */
  forwardingSmtpAddress: string | null
  deliverToMailboxAndForward: boolean
}

const getMailbox = z.object({
  ExchangeGuid: z.string(),
  PrimarySmtpAddress: z.string(),
  RecipientTypeDetails: z.string(),
  ForwardingAddress: z.string().nullish(),
  ForwardingSmtpAddress: z.string().nullish(),
  DeliverToMailboxAndForward: z.boolean().nullish(),
  ExternalDirectoryObjectId: z.string().nullish(),
  UserPrincipalName: z.string().nullish(),
})

const select = Object.keys(getMailbox.shape)

/** How Exchange finds the mailbox of a user without a guess: by object id, else by user principal name. */
export const mailboxIdentity = ({ attributes }: SubjectOf<'USER'>): string | null =>
  attributes.objectId ?? attributes.userPrincipalName ?? null

/** Null when the user has no mailbox. Throws `UpstreamError` for all else. */
export async function readMailbox(
  exchange: ExchangeClient,
  identity: string,
  options: { fresh: boolean },
): Promise<MailboxFact | null> {
  const rows = await orNull(
    async () => (await exchange.invoke('Get-Mailbox', { Identity: identity }, { ...options, select })).value,
  )
  const wanted = identity.toLowerCase()
  // A Get- cmdlet may answer with more than was asked for (reference, section 4.5).
  const own = rows
    ?.map((row) => getMailbox.parse(row))
    .find((row) => [row.ExternalDirectoryObjectId, row.UserPrincipalName].some((id) => id?.toLowerCase() === wanted))
  if (!own) return null
  return {
    exchangeGuid: own.ExchangeGuid,
    primarySmtpAddress: own.PrimarySmtpAddress,
    recipientTypeDetails: own.RecipientTypeDetails,
    forwardingAddress: own.ForwardingAddress || null,
    forwardingSmtpAddress: own.ForwardingSmtpAddress || null,
    deliverToMailboxAndForward: own.DeliverToMailboxAndForward === true,
  }
}

/** The mailboxes of all users in batches of ten; one that cannot be read is unknown, and nothing else is. */
export const loadMailboxes = (reader: FactReader, subjects: readonly SubjectOf<'USER'>[]) =>
  loadEach(reader, subjects, readMailbox)

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
