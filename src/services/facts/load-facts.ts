import type { SubjectOf } from '../events/types.ts'
import { type FactReader, known, type Reading, reading } from './fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from './granted-permissions.ts'
import { type InboxRuleFact, loadInboxRules } from './inbox-rules.ts'
import { loadMailboxes, type MailboxFact } from './mailbox.ts'
import { type PasswordHome, passwordHome, readFederatedDomains } from './password-home.ts'
import { type AdminStanding, adminStanding, loadRoleRoster, type RoleRoster } from './role-roster.ts'
import { loadUsers, type UserFact } from './user.ts'

/** Every fact that a remediation may need. A new fact is one file in this folder and a line in each of the tables below. */
export interface FactValues {
  user: UserFact
  adminStanding: AdminStanding
  mailbox: MailboxFact
  /** Without the service's own rules. */
  inboxRules: InboxRuleFact[]
  passwordHome: PasswordHome
}
export type FactName = keyof FactValues

/** The facts of one subject that were asked for; null: the tenant has no such object. */
export type SubjectFacts = { readonly [Name in FactName]?: Reading<FactValues[Name] | null> }

/** Facts of one tenant and of the subjects asked for. */
export interface TenantFacts {
  granted: Reading<GrantedPermissions>
  roster: Reading<RoleRoster>
  /** By subject id. */
  subjects: ReadonlyMap<string, SubjectFacts>
}

/** What is asked about one subject. */
export interface Want {
  subject: SubjectOf<'USER'>
  needs: ReadonlySet<FactName>
}

/** Everything at once: what the first wave of reads can hold leaves as one `$batch`, Exchange's side by side with Graph's. */
export async function loadFacts(reader: FactReader, wants: readonly Want[]): Promise<TenantFacts> {
  const wanting = (name: FactName) => wants.filter(({ needs }) => needs.has(name)).map(({ subject }) => subject)
  // Who somebody is decides over every action, whatever it needs.
  const loadingUsers = loadUsers(
    reader,
    wants.map(({ subject }) => subject),
  )
  // Beside Graph's second wave, so that it costs no time to ask only for those who can have a mailbox.
  const mailboxesOf = async <T>(name: FactName, load: LoadMailboxFacts<T>): Promise<Map<string, Reading<T | null>>> => {
    const users = await loadingUsers
    return load(
      reader,
      wanting(name).filter(({ id }) => mayHaveMailbox(users.get(id))),
    )
  }
  const [granted, roster, users, mailboxes, inboxRules, federatedDomains] = await Promise.all([
    loadGrantedPermissions(reader),
    loadRoleRoster(reader),
    loadingUsers,
    mailboxesOf('mailbox', loadMailboxes),
    mailboxesOf('inboxRules', loadInboxRules),
    wanting('passwordHome').length > 0 ? reading(() => readFederatedDomains(reader)) : null,
  ])
  const factsOf = ({ subject: { id }, needs }: Want): SubjectFacts => {
    const user = users.get(id) ?? known(null)
    return {
      user,
      adminStanding: together(user, roster, (known, all) => adminStanding(all, known.id)),
      ...(federatedDomains && { passwordHome: together(user, federatedDomains, passwordHome) }),
      ...(needs.has('mailbox') && { mailbox: mailboxes.get(id) ?? known(null) }),
      ...(needs.has('inboxRules') && { inboxRules: inboxRules.get(id) ?? known(null) }),
    }
  }
  return { granted, roster, subjects: new Map(wants.map((want) => [want.subject.id, factsOf(want)])) }
}

type LoadMailboxFacts<T> = (
  reader: FactReader,
  subjects: readonly SubjectOf<'USER'>[],
) => Promise<Map<string, Reading<T | null>>>

/** A guest's mailbox is at home; whoever could not be read may have one. */
const mayHaveMailbox = (user: Reading<UserFact | null> | undefined): boolean =>
  user !== undefined && (!user.known || (user.value !== null && !user.value.isGuest))

/** What follows from a user and something of the whole tenant; null when there is no such user. */
function together<Whole, Fact>(
  user: Reading<UserFact | null>,
  whole: Reading<Whole>,
  conclude: (user: UserFact, whole: Whole) => Fact,
): Reading<Fact | null> {
  if (!whole.known) return whole
  if (!user.known) return user
  return known(user.value && conclude(user.value, whole.value))
}
