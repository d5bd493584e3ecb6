import type { SubjectOf } from '../events/types.ts'
import { type FactReader, known, type Reading } from './fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from './granted-permissions.ts'
import { type InboxRuleFact, loadInboxRules } from './inbox-rules.ts'
import { loadMailboxes, type MailboxFact } from './mailbox.ts'
import { type AdminStanding, adminStanding, loadRoleRoster, type RoleRoster } from './role-roster.ts'
import { loadUsers, type UserFact } from './user.ts'

/** Every fact that a remediation may need. A new fact is one file in this folder and a line in each of the tables below. */
export interface FactValues {
  user: UserFact
  adminStanding: AdminStanding
  mailbox: MailboxFact
  /** Without the service's own rules. */
  inboxRules: InboxRuleFact[]
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
  const [granted, roster, users, mailboxes, inboxRules] = await Promise.all([
    loadGrantedPermissions(reader),
    loadRoleRoster(reader),
    // Who somebody is decides over every action, whatever it needs.
    loadUsers(
      reader,
      wants.map(({ subject }) => subject),
    ),
    loadMailboxes(reader, wanting('mailbox')),
    loadInboxRules(reader, wanting('inboxRules')),
  ])
  const factsOf = ({ subject: { id } }: Want): SubjectFacts => {
    const user = users.get(id) ?? known(null)
    const [mailbox, rules] = [mailboxes.get(id), inboxRules.get(id)]
    return {
      user,
      adminStanding: standingOf(user, roster),
      ...(mailbox && { mailbox }),
      ...(rules && { inboxRules: rules }),
    }
  }
  return { granted, roster, subjects: new Map(wants.map((want) => [want.subject.id, factsOf(want)])) }
}

function standingOf(user: Reading<UserFact | null>, roster: Reading<RoleRoster>): Reading<AdminStanding | null> {
  if (!roster.known) return roster
  if (!user.known) return user
  return known(user.value && adminStanding(roster.value, user.value.id))
}
