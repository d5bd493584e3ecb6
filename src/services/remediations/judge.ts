/** The verdict on one entry and one subject: pure, general rules first, then the entry's own. */
import type { ServiceContext } from '../../context.ts'
import { healthOf } from '../authority/health.ts'
import type { TenantHealth } from '../authority/health-types.ts'
import type { SecurityEvent, Subject } from '../events/types.ts'
import type { FactValues, SubjectFacts, TenantFacts } from '../facts/load-facts.ts'
import { catalogue } from './catalogue/index.ts'
import type { GreyedOutCode } from './codes.ts'
import { type CatalogueEntry, missingPermissions, type Verdict } from './contract.ts'

/** The facts that an entry's `assess`, `apply` and `describe` may use, all of them known. */
export type EntryFacts = FactValues

export type Judgement =
  | (Extract<Verdict, { available: true }> & { facts: EntryFacts; permissionsVerified: boolean })
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

type Viewer = Pick<ServiceContext, 'operator' | 'clientId' | 'entraUrl' | 'entraPortalUrl'>

/** Null facts: the tenant is not connected and nothing was read. */
export function judge(
  viewer: Viewer,
  event: SecurityEvent & { tenant: { status: string } },
  entry: CatalogueEntry,
  subject: Subject,
  facts: TenantFacts | null,
): Judgement {
  if (subject.type === 'USER' && (subject.attributes.homeTenantId ?? event.tenantId) !== event.tenantId) {
    return { available: false, code: 'EXTERNAL_IDENTITY' }
  }
  if (facts === null || event.tenant.status !== 'CONNECTED') return { available: false, code: 'TENANT_NOT_CONNECTED' }

  const fault = tenantFault(viewer, event.tenantId, entry, facts)
  if (fault) return fault

  const subjectFacts = facts.subjects.get(subject.id)
  if (!subjectFacts) return { available: false, code: 'UPSTREAM_UNAVAILABLE' }
  const values = knownFacts(entry, subjectFacts)
  if ('code' in values) return { available: false, code: values.code }
  if (isSelf(viewer, event.tenantId, values.user.id)) return { available: false, code: 'SELF' }

  const verdict = entry.assess(values)
  return verdict.available ? { ...verdict, facts: values, permissionsVerified: facts.granted.known } : verdict
}

/** B20: only what the fault breaks is greyed out. */
function tenantFault(viewer: Viewer, tenantId: string, entry: CatalogueEntry, facts: TenantFacts): Judgement | null {
  const { granted } = facts
  if (!granted.known) return null
  const health = () => healthOf(viewer, tenantId, granted, facts.roster)
  const unhealthy = (message: string): Judgement => {
    const { mendUrl, ...rest } = health()
    const remedy = mendUrl ? `Put the tenant right, then ask again: ${mendUrl}` : undefined
    return {
      available: false,
      code: 'TENANT_UNHEALTHY',
      message,
      ...(remedy && { remedy }),
      health: { mendUrl, ...rest },
    }
  }
  if (granted.value.state === 'NOT_CONSENTED')
    return unhealthy('The tenant has not given its consent, or has taken it back.')
  if (granted.value.state === 'APP_DISABLED') return unhealthy('The application is disabled in the tenant.')
  const missing = missingPermissions(entry, granted.value.application)
  return missing.length > 0 ? unhealthy(`The tenant has not granted ${missing.join(', ')}.`) : null
}

function knownFacts(entry: CatalogueEntry, facts: SubjectFacts): EntryFacts | { code: GreyedOutCode } {
  const { user, adminStanding } = facts
  if (!user.known) return { code: unreadable(user.error.kind) }
  if (user.value === null) return { code: 'USER_NOT_FOUND' }
  if (!adminStanding.known) {
    if (entry.needs.includes('adminStanding')) return { code: unreadable(adminStanding.error.kind) }
    // The entry does not look at it: the compiler holds it to what `needs` lists.
    return { user: user.value, adminStanding: unknownStanding }
  }
  return { user: user.value, adminStanding: adminStanding.value }
}

const unknownStanding = {
  isAdministrator: false,
  roleNames: [],
  isGlobalAdministrator: false,
  isLastEnabledGlobalAdministrator: false,
}

const unreadable = (kind: string): GreyedOutCode =>
  kind === 'FORBIDDEN' ? 'PERMISSION_MISSING' : 'UPSTREAM_UNAVAILABLE'

/** B12: same tenant and object id; names never decide. */
const isSelf = ({ operator }: Viewer, tenantId: string, objectId: string): boolean =>
  operator.tenantId === tenantId && operator.objectId?.toLowerCase() === objectId
