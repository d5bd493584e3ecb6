/** The verdict on one entry and one subject: pure, general rules first, then the entry's own. */
import type { UpstreamError } from '../../clients/errors.ts'
import type { ServiceContext } from '../../context.ts'
import { holdsExchangeRole } from '../authority/exchange-role.ts'
import { healthOf } from '../authority/health.ts'
import type { HealthCheckName, TenantHealth } from '../authority/health-types.ts'
import type { PrivilegedSession } from '../authority/privileged-session.ts'
import type { SecurityEvent, Subject } from '../events/types.ts'
import type { FactName, FactValues, SubjectFacts, TenantFacts } from '../facts/load-facts.ts'
import { catalogue } from './catalogue/index.ts'
import type { GreyedOutCode } from './codes.ts'
import { type CatalogueEntry, missingPermissions, neededPermissions, type Verdict } from './contract.ts'

/** The facts that an entry's `assess`, `apply` and `describe` may use, all of them known. */
export type EntryFacts = FactValues

export type Judgement =
  | (Extract<Verdict, { available: true }> & { facts: EntryFacts; granted: TenantFacts['granted'] })
  | {
      available: false
      code: GreyedOutCode
      /** Overrides the code's usual words: names the fault. */
      message?: string
      remedy?: string
      /** Set for `TENANT_UNHEALTHY`. */
      health?: TenantHealth
    }

/** What may be asked about a subject of an event. */
export function offeredEntries(event: SecurityEvent, subject: Subject): CatalogueEntry[] {
  return catalogue.filter((entry) => entry.actsOn === subject.type && entry.offeredOn(event, subject as never))
}

/** B14, B15: shown as a greyed-out `DISABLE_USER`; no entry acts on such a subject. */
export function identityThatCannotBeBlocked(subject: Subject): GreyedOutCode | null {
  if (subject.type === 'SYSTEM') return 'SYSTEM_IDENTITY'
  if (subject.type === 'ANONYMOUS') return 'ANONYMOUS_IDENTITY'
  return null
}

/** The account is in another tenant: nothing about it is read here. */
export const isExternal = ({ tenantId }: SecurityEvent, subject: Subject): boolean =>
  subject.type === 'USER' && (subject.attributes.homeTenantId ?? tenantId) !== tenantId

type Viewer = Pick<ServiceContext, 'operator' | 'clientId' | 'entraUrl' | 'entraPortalUrl'>

/** Null facts: the tenant is not connected and nothing was read. */
export function judge(
  viewer: Viewer,
  event: SecurityEvent & { tenant: { status: string } },
  entry: CatalogueEntry,
  subject: Subject,
  facts: TenantFacts | null,
  session: PrivilegedSession | null,
): Judgement {
  if (isExternal(event, subject)) return { available: false, code: 'EXTERNAL_IDENTITY' }
  if (facts === null || event.tenant.status !== 'CONNECTED') return { available: false, code: 'TENANT_NOT_CONNECTED' }

  const fault = tenantFault(viewer, event.tenantId, entry, subject, facts)
  if (fault) return fault

  const subjectFacts = facts.subjects.get(subject.id)
  if (!subjectFacts) return { available: false, code: 'UPSTREAM_UNAVAILABLE' }
  // Before all that the entry needs: a mailbox that is missing or unreadable makes nobody a target (B12).
  const objectId = subjectFacts.user?.known ? subjectFacts.user.value?.id : undefined
  if (objectId && (isSelf(viewer, event.tenantId, objectId) || isSignedIn(session, objectId))) {
    return { available: false, code: 'SELF' }
  }
  const code = unknownFact(entry, subjectFacts)
  if (code) return { available: false, code }

  const values = factValues(subjectFacts)
  const verdict = entry.assess(values)
  return verdict.available ? { ...verdict, facts: values, granted: facts.granted } : verdict
}

/** B20: only what the fault breaks is greyed out. */
function tenantFault(
  viewer: Viewer,
  tenantId: string,
  entry: CatalogueEntry,
  subject: Subject,
  facts: TenantFacts,
): Judgement | null {
  const { granted } = facts
  if (!granted.known) return null
  const unhealthy = (fault: HealthCheckName, message: string): Judgement => {
    const health = healthOf(viewer, tenantId, granted, facts.roster)
    const mendUrl = health.checks.find(({ name }) => name === fault)?.mendUrl
    const remedy = mendUrl ? `Put the tenant right, then ask again: ${mendUrl}` : undefined
    return { available: false, code: 'TENANT_UNHEALTHY', message, ...(remedy && { remedy }), health }
  }
  if (granted.value.state === 'NOT_CONSENTED')
    return unhealthy('CONSENT', 'The tenant has not given its consent, or has taken it back.')
  if (granted.value.state === 'APP_DISABLED')
    return unhealthy('APP_ENABLED', 'The application is disabled in the tenant.')
  const missing = missingPermissions(neededPermissions(entry, subject), granted.value.application)
  if (missing.length > 0)
    return unhealthy('APPLICATION_PERMISSIONS', `The tenant has not granted ${missing.join(', ')}.`)
  const { servicePrincipalId } = granted.value
  if (
    entry.permissions.exchangeAdministrator &&
    facts.roster.known &&
    !holdsExchangeRole(facts.roster.value, servicePrincipalId)
  ) {
    return unhealthy('EXCHANGE_ROLE', 'Our application does not hold the role Exchange Administrator in the tenant.')
  }
  return null
}

/** What it means that the tenant has no such object. */
const absent: Record<FactName, GreyedOutCode> = {
  user: 'USER_NOT_FOUND',
  adminStanding: 'USER_NOT_FOUND',
  mailbox: 'NO_MAILBOX',
  inboxRules: 'NO_MAILBOX',
  passwordHome: 'USER_NOT_FOUND',
  application: 'APP_ALREADY_REMOVED',
  teamsApp: 'TEAMS_APP_NOT_INSTALLED',
  inboxRule: 'RULE_ALREADY_REMOVED',
  transportRule: 'RULE_ALREADY_REMOVED',
  mailboxAccess: 'ACCESS_ALREADY_REMOVED',
}

/** Why the entry cannot be judged; null when all that it needs is known. Who a user is comes first, whatever else it needs. */
function unknownFact(entry: CatalogueEntry, facts: SubjectFacts): GreyedOutCode | null {
  const unknown = (name: FactName): GreyedOutCode | null => {
    const reading = facts[name]
    if (!reading) return 'UPSTREAM_UNAVAILABLE'
    if (!reading.known) return unreadable(reading.error)
    return reading.value === null ? absent[name] : null
  }
  const first = entry.actsOn === 'USER' ? unknown('user') : null
  if (first) return first
  for (const name of entry.needs) {
    const code = unknown(name)
    if (code) return code
  }
  return null
}

const valuesOf = new WeakMap<SubjectFacts, EntryFacts>()

/** What is known of the subject. Sound because an entry looks only at what it needs, all of it known: the compiler holds it to that. */
function factValues(facts: SubjectFacts): EntryFacts {
  const remembered = valuesOf.get(facts)
  if (remembered) return remembered
  const readings = Object.entries(facts).flatMap(([name, reading]) => (reading.known ? [[name, reading.value]] : []))
  const values = Object.fromEntries(readings) as EntryFacts
  valuesOf.set(facts, values)
  return values
}

function unreadable({ kind, upstreamCode }: UpstreamError): GreyedOutCode {
  if (upstreamCode === 'ManagementObjectAmbiguousException') return 'MAILBOX_AMBIGUOUS'
  return kind === 'FORBIDDEN' ? 'PERMISSION_MISSING' : 'UPSTREAM_UNAVAILABLE'
}

/** B12: same tenant and object id; names never decide. */
const isSelf = ({ operator }: Viewer, tenantId: string, objectId: string): boolean =>
  operator.tenantId === tenantId && operator.objectId?.toLowerCase() === objectId

/** B12: the administrator whose sign-in the operator holds, by the account's id in the tenant, which is another than at home for a guest. */
const isSignedIn = (session: PrivilegedSession | null, objectId: string): boolean =>
  session?.administrator.objectIdInTenant === objectId
