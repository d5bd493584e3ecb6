/**
 * The same page without the product: what the bound and the peers know of the events beforehand, and how they judge what they look up.
 * Their answers must equal ours, so nobody measures less work.
 */
import { readFileSync } from 'node:fs'

export interface PageUser {
  objectId: string
  subject: { id: string }
}

export interface PageEvent {
  id: string
  type: string
  severity: string
  title: string
  occurredAt: string
  tenant: { name: string; status: string }
  subjects: { __typename: string; id: string; userPrincipalName: string; objectId: string }[]
}

export interface Option {
  kind: string
  title: string
  effect: string
  recommended: boolean
  warnings: string[]
  viewerCan: boolean
  subject: { id: string }
  requirements: { __typename: string }[]
}

export interface Reason {
  kind: string
  code: string
  message: string
  remedy: string | null
  subject: { id: string }
}

/** What is known beforehand: events from a database, words of the catalogue. */
export interface Page {
  tenantId: string
  events: PageEvent[]
  options: Record<string, { title: string; effect: string; recommended: boolean }>
  reasons: Record<string, { message: string; remedy: string | null }>
  /** Reading the events, for a bound that does so, too. */
  sql: { text: string; params: unknown[] }
}

interface Node extends PageEvent {
  availableRemediations: Option[]
  greyedOutReasons: Reason[]
}

export interface PageAnswer {
  data: { securityEvents: { edges: { node: Node }[] } }
  errors?: unknown
}

/** Takes from an answer of ours what does not depend on the tenant's state. */
export function pageOf({ data }: PageAnswer, tenantId: string, sql: Page['sql']): Page {
  const nodes = data.securityEvents.edges.map(({ node }) => node)
  const events = nodes.map(({ availableRemediations: _, greyedOutReasons: __, ...event }) => event)
  const all = nodes.flatMap((node) => node.availableRemediations)
  const options = Object.fromEntries(
    all.map(({ kind, title, effect, recommended }) => [kind, { title, effect, recommended }]),
  )
  const reasons = Object.fromEntries(
    nodes.flatMap((node) => node.greyedOutReasons).map(({ code, message, remedy }) => [code, { message, remedy }]),
  )
  return { tenantId, events, options, reasons, sql }
}

export const readPage = (): Page => JSON.parse(readFileSync(process.env['PAGE_FILE'] ?? '', 'utf8')) as Page

/** Of Graph. */
export interface User {
  id: string
  accountEnabled: boolean
  onPremisesSyncEnabled: boolean | null
}

export interface Mailbox {
  ForwardingAddress: string | null
  ForwardingSmtpAddress: string | null
}

export interface Rule {
  Name: string
  Enabled: boolean
}

/** What is looked up about a user. */
export interface Facts {
  user: User
  isAdministrator: boolean
  mailbox: Mailbox | null
  rules: Rule[] | null
}

export interface Verdicts {
  available: Option[]
  greyedOut: Reason[]
}

const signIn = [{ __typename: 'PrivilegedSignInRequirement' }]

/** The product's rules, as far as these users need them. */
export function judge(page: Page, subjectId: string, { user, isAdministrator, mailbox, rules }: Facts): Verdicts {
  const subject = { id: subjectId }
  const verdicts: Verdicts = { available: [], greyedOut: [] }
  const offer = (kind: string, warnings: string[], privileged = false) => {
    const words = page.options[kind] ?? { title: '', effect: '', recommended: false }
    const { title, effect, recommended } = words
    const requirements = privileged ? signIn : []
    verdicts.available.push({
      kind,
      title,
      effect,
      recommended,
      warnings,
      viewerCan: !privileged,
      subject,
      requirements,
    })
  }
  const refuse = (kind: string, code: string) => {
    const { message, remedy } = page.reasons[code] ?? { message: '', remedy: null }
    verdicts.greyedOut.push({ kind, code, message, remedy, subject })
  }
  const synchronised = user.onPremisesSyncEnabled === true
  if (user.accountEnabled) {
    offer(
      'DISABLE_USER',
      synchronised ? ['DIRECTORY_SYNC_MAY_REVERT', 'TOKENS_LIVE_ON'] : ['TOKENS_LIVE_ON'],
      isAdministrator,
    )
  } else refuse('DISABLE_USER', 'ALREADY_DISABLED')
  offer('REVOKE_SESSIONS', ['CANNOT_BE_UNDONE', 'TOKENS_LIVE_ON'])
  if (!mailbox) refuse('REMOVE_MAIL_FORWARDING', 'NO_MAILBOX')
  else if (mailbox.ForwardingAddress || mailbox.ForwardingSmtpAddress)
    offer('REMOVE_MAIL_FORWARDING', ['CANNOT_BE_UNDONE'])
  else refuse('REMOVE_MAIL_FORWARDING', 'NO_FORWARDING')
  const enabled = rules?.some(
    ({ Enabled, Name }) => Enabled && Name !== 'Junk E-Mail Rule' && !Name.startsWith('Microsoft.Exchange.OOF.'),
  )
  if (!rules) refuse('DISABLE_INBOX_RULES', 'NO_MAILBOX')
  else if (enabled) offer('DISABLE_INBOX_RULES', ['OUTLOOK_CLIENT_RULES_LOST'])
  else refuse('DISABLE_INBOX_RULES', 'NO_ENABLED_INBOX_RULES')
  const warnings = ['CANNOT_BE_UNDONE', 'TOKENS_LIVE_ON']
  offer('RESET_PASSWORD', synchronised ? ['PASSWORD_WRITEBACK_NEEDED', ...warnings] : warnings, true)
  return verdicts
}
