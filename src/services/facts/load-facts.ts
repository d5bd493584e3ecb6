import type { Subject, SubjectOf, SubjectType } from '../events/types.ts'
import { type ApplicationFact, loadApplications } from './application.ts'
import { type FactReader, known, type Reading, reading, sharedReading } from './fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from './granted-permissions.ts'
import { type FoundInboxRule, loadFoundInboxRules } from './inbox-rule.ts'
import { type InboxRuleFact, loadInboxRules } from './inbox-rules.ts'
import { loadMailboxes, type MailboxFact, mailboxIdentity } from './mailbox.ts'
import { loadMailboxAccess, type MailboxAccessFact } from './mailbox-access.ts'
import { oneNameOf } from './mailbox-names.ts'
import { type PasswordHome, passwordHome, readFederatedDomains } from './password-home.ts'
import { type AdminStanding, adminStanding, loadRoleRoster, type RoleRoster } from './role-roster.ts'
import { loadTeamsApps, type TeamsAppFact } from './teams-app.ts'
import { type FoundTransportRule, loadTransportRules } from './transport-rule.ts'
import { loadUsers, type UserFact } from './user.ts'

/** Every fact that a remediation may need. A new fact is one file in this folder and a line in each of the tables below. */
export interface FactValues {
  user: UserFact
  adminStanding: AdminStanding
  mailbox: MailboxFact
  /** Without the service's own rules. */
  inboxRules: InboxRuleFact[]
  passwordHome: PasswordHome
  /** Of an `APPLICATION`. */
  application: ApplicationFact
  /** Of a `TEAMS_APP`, where it was installed. */
  teamsApp: TeamsAppFact
  /** Of an `INBOX_RULE`. */
  inboxRule: FoundInboxRule
  /** Of a `TRANSPORT_RULE`. */
  transportRule: FoundTransportRule
  /** Of a `MAILBOX_ACCESS`. */
  mailboxAccess: MailboxAccessFact
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
  subject: Subject
  needs: ReadonlySet<FactName>
}

/**
 * Everything at once, in one wave: Graph's reads leave as `$batch`es, Exchange's side by side with them. The roster of roles takes a
 * second one, and so does a name that must be resolved first.
 */
export async function loadFacts(reader: FactReader, wants: readonly Want[]): Promise<TenantFacts> {
  const subjects = wants.map(({ subject }) => subject)
  const wanting = (name: FactName) => wants.filter(({ needs }) => needs.has(name)).map(({ subject }) => subject)
  const withMailbox = (name: FactName) => wanting(name).filter(mayHaveMailbox)
  const access = ofTypes(wanting('mailboxAccess'), 'MAILBOX_ACCESS')
  const rules = ofTypes(wanting('inboxRule'), 'INBOX_RULE')
  const owners = ofTypes(withMailbox('inboxRules'), 'USER')
  const oneName = oneNameOf(owners.flatMap(addressOf))
  const loadingMailboxes = loadMailboxes(reader, [
    ...ofTypes(withMailbox('mailbox'), 'USER', 'MAILBOX').flatMap((subject) => mailboxIdentity(subject) ?? []),
    ...access.flatMap(({ attributes: { mailbox, grantee } }) => [mailbox, grantee]),
    ...rules.map(({ attributes }) => attributes.mailbox).filter((mailbox) => oneName(mailbox) !== mailbox),
  ])
  const [[granted, roster, federatedDomains], [users, mailboxes, inboxRules], others] = await Promise.all([
    Promise.all([
      loadGrantedPermissions(reader),
      loadRoleRoster(reader),
      wanting('passwordHome').length > 0 ? reading(() => sharedReading(readFederatedDomains, reader)) : null,
    ]),
    Promise.all([
      // Who a user is decides over every action, whatever it needs.
      loadUsers(reader, ofTypes(subjects, 'USER')),
      loadingMailboxes,
      loadInboxRules(reader, owners),
    ]),
    Promise.all([
      loadApplications(reader, ofTypes(wanting('application'), 'APPLICATION')),
      loadTeamsApps(reader, ofTypes(wanting('teamsApp'), 'TEAMS_APP')),
      loadFoundInboxRules(reader, rules, oneName, loadingMailboxes),
      loadTransportRules(reader, ofTypes(wanting('transportRule'), 'TRANSPORT_RULE')),
      loadMailboxAccess(reader, access, loadingMailboxes),
    ]),
  ])
  const [applications, teamsApps, foundInboxRules, transportRules, mailboxAccess] = others
  const mailboxOf = (subject: Subject): Reading<MailboxFact | null> => {
    const identity = subject.type === 'USER' || subject.type === 'MAILBOX' ? mailboxIdentity(subject) : null
    return (identity !== null && mailboxes.get(identity)) || known(null)
  }
  const factsOf = ({ subject, needs }: Want): SubjectFacts => {
    const { id } = subject
    const facts: { -readonly [Name in keyof SubjectFacts]: SubjectFacts[Name] } = {}
    if (needs.has('mailbox')) facts.mailbox = mailboxOf(subject)
    if (subject.type === 'USER') {
      const user = users.get(id) ?? known(null)
      facts.user = user
      facts.adminStanding = together(user, roster, (known, all) => adminStanding(all, known.id))
      if (federatedDomains) facts.passwordHome = together(user, federatedDomains, passwordHome)
      if (needs.has('inboxRules')) facts.inboxRules = inboxRules.get(id) ?? known(null)
      return facts
    }
    if (needs.has('application')) facts.application = applications.get(id) ?? known(null)
    if (needs.has('teamsApp')) facts.teamsApp = teamsApps.get(id) ?? known(null)
    if (needs.has('inboxRule')) facts.inboxRule = foundInboxRules.get(id) ?? known(null)
    if (needs.has('transportRule')) facts.transportRule = transportRules.get(id) ?? known(null)
    if (needs.has('mailboxAccess')) facts.mailboxAccess = mailboxAccess.get(id) ?? known(null)
    return facts
  }
  return { granted, roster, subjects: new Map(wants.map((want) => [want.subject.id, factsOf(want)])) }
}

const ofTypes = <T extends SubjectType>(subjects: readonly Subject[], ...types: readonly T[]): SubjectOf<T>[] =>
  subjects.filter((subject): subject is SubjectOf<T> => types.some((type) => type === subject.type))

/** A guest's mailbox is at home; a name tells most of them. */
const mayHaveMailbox = (subject: Subject): boolean =>
  subject.type !== 'USER' || !subject.attributes.userPrincipalName?.includes('#EXT#')

function addressOf(user: SubjectOf<'USER'>): { address: string; name: string }[] {
  const { userPrincipalName } = user.attributes
  const name = mailboxIdentity(user)
  return userPrincipalName && name ? [{ address: userPrincipalName, name }] : []
}

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
