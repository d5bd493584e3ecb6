import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import type { ExchangeClient, TenantClients } from '../../clients/types.ts'
import type { SubjectOf } from '../events/types.ts'
import { type FactReader, type Reading, reading } from './fact.ts'
import { type MailboxFact, orNull, readMailbox } from './mailbox.ts'
import { oneNameOf, readUnderOneName } from './mailbox-names.ts'

/** The full access that an event is about, as it is now. */
export interface MailboxAccessFact {
  mailbox: { exchangeGuid: string; primarySmtpAddress: string; userPrincipalName: string | null }
  /** As the mailbox's permission names whoever holds it: a user principal name, or a group's name. */
  grantee: string
  /**
   * `GRANTED` on the mailbox itself; `INHERITED` from above, `THROUGH_GROUP`: cannot be taken from this grantee there; `DENIED`: there is
   * none to take.
   */
  held: 'GRANTED' | 'INHERITED' | 'THROUGH_GROUP' | 'DENIED'
  /** The rows of the permission, enough to make them again. */
  rows: readonly MailboxPermissionRow[]
  /** What else the grantee may do there, a phrase for each, e.g. `send as the mailbox`; null: it could not be read. */
  otherAccess: readonly string[] | null
}

const mailboxPermission = z.looseObject({
  User: z.string(),
  AccessRights: z.array(z.string()),
  IsInherited: z.boolean().nullish(),
  Deny: z.boolean().nullish(),
  InheritanceType: z.string().nullish(),
})
export type MailboxPermissionRow = z.infer<typeof mailboxPermission>

/** Rows of the mailbox that grant or deny full access; null when there is no mailbox. Throws `UpstreamError`. */
export async function readFullAccess(
  exchange: ExchangeClient,
  parameters: { Identity: string; User?: string },
  options: { fresh: boolean },
): Promise<MailboxPermissionRow[] | null> {
  const answer = await orNull(() => exchange.invoke('Get-MailboxPermission', parameters, options))
  const rows = answer?.value.map((row) => mailboxPermission.parse(row)) ?? null
  return rows?.filter(({ AccessRights }) => AccessRights.includes('FullAccess')) ?? null
}

/** On the mailbox itself, so that it can be taken away there. */
export const isGrantedThere = ({ Deny, IsInherited }: MailboxPermissionRow): boolean => !Deny && !IsInherited

/** Rows on the mailbox itself that give the grantee full access, read now; none when there is no such mailbox. Throws `UpstreamError`. */
export async function readGrantedThere(
  exchange: ExchangeClient,
  exchangeGuid: string,
  grantee: string,
): Promise<MailboxPermissionRow[]> {
  const [mailbox, rows] = await Promise.all([
    readMailbox(exchange, exchangeGuid, { fresh: true }),
    readFullAccess(exchange, { Identity: exchangeGuid }, { fresh: true }),
  ])
  if (!mailbox || !rows) return []
  return rows.filter((row) => isGrantedThere(row) && row.User.toLowerCase() === grantee.toLowerCase())
}

/** Keys are subject ids; null: the grantee holds no full access, or there is no such mailbox. */
export async function loadMailboxAccess(
  reader: FactReader,
  subjects: readonly SubjectOf<'MAILBOX_ACCESS'>[],
  loadingMailboxes: Promise<ReadonlyMap<string, Reading<MailboxFact | null>>>,
): Promise<Map<string, Reading<MailboxAccessFact | null>>> {
  const addresses = subjects.map(({ attributes }) => attributes.mailbox).filter((mailbox) => mailbox.includes('@'))
  const oneName = oneNameOf(addresses.map((address) => ({ address, name: address })))
  const { exchange } = reader.session.tenant(reader.tenantId)
  const firstReads = Promise.allSettled(
    subjects.flatMap(({ attributes }) => {
      const mailbox = oneName(attributes.mailbox)
      return [readFullAccess(exchange, { Identity: mailbox }, reader), readOtherRights(exchange, mailbox, reader)]
    }),
  )
  const readings = subjects.map(async ({ id, attributes }) => {
    const read = (mailbox: string) =>
      reading(() => readAccess(reader, { ...attributes, mailbox }, loadingMailboxes, firstReads))
    return [id, await readUnderOneName(attributes.mailbox, oneName, loadingMailboxes, read)] as const
  })
  return new Map(await Promise.all(readings))
}

async function readAccess(
  { session, tenantId, fresh }: FactReader,
  { mailbox: mailboxName, grantee: granteeName }: SubjectOf<'MAILBOX_ACCESS'>['attributes'],
  loadingMailboxes: Promise<ReadonlyMap<string, Reading<MailboxFact | null>>>,
  firstReads: Promise<unknown>,
): Promise<MailboxAccessFact | null> {
  const clients = session.tenant(tenantId)
  const { exchange } = clients
  const [rows, others, mailboxes] = await Promise.all([
    readFullAccess(exchange, { Identity: mailboxName }, { fresh }),
    readOtherRights(exchange, mailboxName, { fresh }),
    loadingMailboxes,
  ])
  // What must be asked besides leaves together, whichever batch answered first.
  await firstReads
  const mailbox = valueRead(mailboxes.get(mailboxName))
  if (!mailbox || !rows) return null
  const grantee = valueRead(mailboxes.get(granteeName))
  const names = new Set([granteeName.toLowerCase(), ...(grantee?.names ?? [])])
  const named = rows.filter(({ User }) => names.has(User.toLowerCase()))
  // Whoever has no mailbox may be called by a name that only Exchange resolves.
  const own =
    named.length > 0 || grantee
      ? named
      : ((await readFullAccess(exchange, { Identity: mailboxName, User: granteeName }, { fresh })) ?? []).filter(
          isSomebodys,
        )
  const readByGroup = () =>
    readRowsOfGroups(clients, without(rows, own), grantee?.userPrincipalName ?? own[0]?.User ?? granteeName, { fresh })
  const [first] = own
  if (first) {
    const byGroup = await orUnread(readByGroup)
    const isGrantee = granteeTest(new Set([...names, first.User.toLowerCase()]), grantee)
    const otherAccess = others && byGroup && otherAccessOf(others, byGroup, mailbox, isGrantee)
    return { mailbox, grantee: first.User, held: howHeld(own), rows: own, otherAccess }
  }
  const byGroup = await readByGroup()
  const [group] = byGroup
  return group ? { mailbox, grantee: group.User, held: 'THROUGH_GROUP', rows: byGroup, otherAccess: null } : null
}

const without = (rows: readonly MailboxPermissionRow[], own: readonly MailboxPermissionRow[]) =>
  rows.filter(({ User }) => !own.some((row) => row.User === User))

function valueRead<T>(found: Reading<T> | undefined): T | null {
  if (found && !found.known) throw found.error
  return found?.value ?? null
}

/** The owner's own row is always there. */
const isSomebodys = ({ User }: MailboxPermissionRow): boolean => User.toUpperCase() !== 'NT AUTHORITY\\SELF'

function howHeld(rows: readonly MailboxPermissionRow[]): MailboxAccessFact['held'] {
  if (rows.some(isGrantedThere)) return 'GRANTED'
  return rows.some(({ Deny }) => !Deny) ? 'INHERITED' : 'DENIED'
}

const group = z.object({ displayName: z.string().nullish(), mail: z.string().nullish() })

/** A permission that a group holds names the group: the rows of groups that the grantee is a member of. */
async function readRowsOfGroups(
  { graph }: TenantClients,
  rows: readonly MailboxPermissionRow[],
  grantee: string,
  { fresh }: { fresh: boolean },
): Promise<MailboxPermissionRow[]> {
  const ofOthers = rows.filter((row) => isSomebodys(row) && !row.Deny)
  if (ofOthers.length === 0 || !isNameOfUser(grantee)) return []
  const path = `/users/${encodeURIComponent(grantee)}/transitiveMemberOf/microsoft.graph.group?$select=id,displayName,mail&$count=true`
  const found = await orNull(() => graph.list(path, { headers: { ConsistencyLevel: 'eventual' }, fresh }))
  const names = (found ?? []).map((one) => group.parse(one)).flatMap(({ displayName, mail }) => [displayName, mail])
  const lowerCase = new Set(names.flatMap((name) => (name ? [name.toLowerCase()] : [])))
  return ofOthers.filter(({ User }) => lowerCase.has(User.toLowerCase()))
}

/** A user principal name or an object id: Graph finds nobody by another name. */
const isNameOfUser = (name: string): boolean => name.includes('@') || /^[0-9a-f-]{36}$/i.test(name)

/** For what is only said, never decided upon: what cannot be read is null. */
async function orUnread<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UpstreamError) return null
    throw error
  }
}

interface OtherRights {
  sendAs: { Trustee: string; AccessControlType?: string | null | undefined; AccessRights: string[] }[]
  inbox: { User: string; AccessRights: string[] }[]
}

const recipientPermission = z.object({
  Trustee: z.string(),
  AccessControlType: z.string().nullish(),
  AccessRights: z.array(z.string()),
})
const folderPermission = z.object({ User: z.string(), AccessRights: z.array(z.string()) })

const readOtherRights = (
  exchange: ExchangeClient,
  mailbox: string,
  options: { fresh: boolean },
): Promise<OtherRights | null> =>
  orUnread(async () => {
    const [sendAs, inbox] = await Promise.all([
      orNull(() => exchange.invoke('Get-RecipientPermission', { Identity: mailbox }, options)),
      orNull(() => exchange.invoke('Get-MailboxFolderPermission', { Identity: `${mailbox}:\\Inbox` }, options)),
    ])
    return {
      sendAs: (sendAs?.value ?? []).map((row) => recipientPermission.parse(row)),
      inbox: (inbox?.value ?? []).map((row) => folderPermission.parse(row)),
    }
  })

/** Folders and sending on behalf show people by display name. */
const granteeTest = (names: ReadonlySet<string>, grantee: MailboxFact | null) => (name: string) =>
  names.has(name.toLowerCase()) || name.toLowerCase() === grantee?.displayName.toLowerCase()

function otherAccessOf(
  { sendAs, inbox }: OtherRights,
  byGroup: readonly MailboxPermissionRow[],
  mailbox: MailboxFact,
  isGrantee: (name: string) => boolean,
): string[] {
  const maySendAs = sendAs.some(
    ({ Trustee, AccessControlType, AccessRights }) =>
      isGrantee(Trustee) && AccessControlType !== 'Deny' && AccessRights.includes('SendAs'),
  )
  const onInbox = inbox
    .filter(({ User }) => isGrantee(User))
    .flatMap(({ AccessRights }) => AccessRights)
    .filter((right) => right !== 'None')
  return [
    ...byGroup.map(({ User }) => `open it as a member of ${User} (FullAccess)`),
    ...(maySendAs ? ['send as the mailbox (SendAs)'] : []),
    ...(mailbox.grantSendOnBehalfTo.some(isGrantee) ? ['send on its behalf (SendOnBehalf)'] : []),
    ...(onInbox.length > 0 ? [`use its Inbox folder (${onInbox.join(', ')})`] : []),
  ]
}
