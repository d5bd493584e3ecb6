import DataLoader from 'dataloader'
import type { UpstreamError } from '../../clients/errors.ts'
import type { ServiceContext } from '../../context.ts'
import { type ActivityFeed, loadActivityFeed } from '../facts/activity-feed.ts'
import type { Reading } from '../facts/fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from '../facts/granted-permissions.ts'
import { loadRoleRoster, type RoleRoster } from '../facts/role-roster.ts'
import { tenantFeed } from '../feed/tenant-feed.ts'
import { catalogue } from '../remediations/catalogue/index.ts'
import { type CatalogueEntry, missingPermissions, type NeededPermission } from '../remediations/contract.ts'
import { activityFeedCheck, type FeedRead, feedPermission } from './activity-feed-check.ts'
import { holdsExchangeRole } from './exchange-role.ts'
import { type HealthLinks, type HealthViewer, healthy, linksOf, unhealthy, unknown } from './health-check.ts'
import type { HealthCheck, HealthCheckName, HealthStatus, TenantHealth } from './health-types.ts'

/** What reading the tenant's grants and roles needs. */
const ownNeeds: readonly NeededPermission[] = [
  ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  ['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory'],
]

/**
 * What the tenant granted, compared with what the remediations need (B19, B20), and the activity feed where it was asked.
 * Pure: the readings are facts. Permissions beyond what is needed are listed as extra and never make a tenant unhealthy.
 */
export function healthOf(
  viewer: HealthViewer,
  tenantId: string,
  granted: Reading<GrantedPermissions>,
  roster: Reading<RoleRoster>,
  feed: Reading<ActivityFeed> | null = null,
  read: FeedRead | null = null,
): TenantHealth {
  const { clientId, entraPortalUrl } = viewer
  const links = linksOf(viewer, tenantId)
  const checks = [...checksOf(links, granted, roster), ...(feed ? [activityFeedCheck(links, granted, feed, read)] : [])]
  return {
    status: statusOf(checks),
    checks,
    mendUrl: checks.find(({ status }) => status === 'UNHEALTHY')?.mendUrl ?? null,
    entraPermissionsUrl:
      granted.known && granted.value.state === 'CONSENTED'
        ? `${entraPortalUrl}/${tenantId}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Permissions/objectId/${granted.value.servicePrincipalId}/appId/${clientId}`
        : null,
  }
}

function statusOf(checks: readonly HealthCheck[]): HealthStatus {
  if (checks.some(({ status }) => status === 'UNHEALTHY')) return 'UNHEALTHY'
  // Delegated grants that cannot be read are no fault of the tenant: whoever needs them finds out.
  return checks.some(({ name, status }) => status === 'UNKNOWN' && name !== 'DELEGATED_CONSENT') ? 'UNKNOWN' : 'HEALTHY'
}

const everyKind = (): string[] => catalogue.map(({ kind }) => kind)

/** In the order in which faults are mended. Every check is there: what cannot be looked at yet is unknown. */
function checksOf(
  links: HealthLinks,
  granted: Reading<GrantedPermissions>,
  roster: Reading<RoleRoster>,
): HealthCheck[] {
  if (!granted.known) return unreadableGrants(links, granted.error)
  const { value } = granted
  if (value.state === 'NOT_CONSENTED') {
    const message = 'The tenant has not given its consent, or has taken it back.'
    return [
      unhealthy('CONSENT', message, { blocks: everyKind(), mendUrl: links.consent() }),
      ...notYet('APP_ENABLED', 'APPLICATION_PERMISSIONS', 'DELEGATED_CONSENT', 'EXCHANGE_ROLE'),
    ]
  }
  const consented = healthy('CONSENT', 'The tenant has given its consent.')
  if (value.state === 'APP_DISABLED') {
    const message = 'The application is disabled in the tenant: turn on "Enabled for users to sign-in".'
    return [
      consented,
      unhealthy('APP_ENABLED', message, { blocks: everyKind(), mendUrl: links.applications }),
      ...notYet('APPLICATION_PERMISSIONS', 'DELEGATED_CONSENT', 'EXCHANGE_ROLE'),
    ]
  }
  return [
    consented,
    healthy('APP_ENABLED', 'The application is enabled in the tenant.'),
    permissionCheck(links, value.application),
    delegatedCheck(links, value.delegated),
    exchangeCheck(links, roster, value.servicePrincipalId),
  ]
}

const notYet = (...names: HealthCheckName[]): HealthCheck[] =>
  names.map((name) => unknown(name, 'It cannot be looked at before our application may sign in.'))

/** Whoever is refused has signed in before: the consent is there, and what is missing is a permission. */
function unreadableGrants(links: HealthLinks, { service, kind }: UpstreamError): HealthCheck[] {
  const missing = ['Application.Read.All']
  const unread = (message: string, ...names: HealthCheckName[]) => names.map((name) => unknown(name, message))
  if (service === 'graph' && kind === 'FORBIDDEN') {
    return [
      healthy('CONSENT', 'The tenant has given its consent.'),
      healthy('APP_ENABLED', 'The application is enabled in the tenant.'),
      unhealthy('APPLICATION_PERMISSIONS', 'Application.Read.All is missing: what else is granted cannot be seen.', {
        missingPermissions: missing,
        mendUrl: links.consent(),
      }),
      ...unread('Application.Read.All is needed to see it.', 'DELEGATED_CONSENT', 'EXCHANGE_ROLE'),
    ]
  }
  return unread(
    kind === 'CREDENTIAL_INVALID'
      ? "Entra does not accept our application's own secret or certificate: whoever operates this service has to renew it."
      : 'Microsoft 365 did not tell what the tenant granted. Ask again in a minute.',
    ...(['CONSENT', 'APP_ENABLED', 'APPLICATION_PERMISSIONS', 'DELEGATED_CONSENT', 'EXCHANGE_ROLE'] as const),
  )
}

function permissionCheck(links: HealthLinks, application: ReadonlySet<string>): HealthCheck {
  const missingOf = ({ permissions }: CatalogueEntry) => missingPermissions(permissions.application, application)
  const missing = [...new Set([...missingPermissions(ownNeeds, application), ...catalogue.flatMap(missingOf)])]
  const needed = [...ownNeeds, ...catalogue.flatMap((entry) => entry.permissions.application)]
  const used = new Set([feedPermission, ...needed.flat()])
  const extraPermissions = [...application].filter((name) => !used.has(name)).sort()
  return missing.length === 0
    ? healthy('APPLICATION_PERMISSIONS', 'All permissions needed are granted.', { extraPermissions })
    : unhealthy('APPLICATION_PERMISSIONS', `Permissions are missing: ${missing.join(', ')}.`, {
        missingPermissions: missing,
        extraPermissions,
        blocks: kindsOf((entry) => missingOf(entry).length > 0),
        mendUrl: links.consent(),
      })
}

/** Exchange gives our permission an effect only with a role. */
function exchangeCheck(links: HealthLinks, roster: Reading<RoleRoster>, servicePrincipalId: string): HealthCheck {
  const blocks = kindsOf(({ permissions }) => permissions.exchangeAdministrator === true)
  if (blocks.length === 0) return healthy('EXCHANGE_ROLE', 'No remediation needs a role in Exchange Online.')
  if (!roster.known) return unknown('EXCHANGE_ROLE', 'The roles of the tenant could not be read.')
  return holdsExchangeRole(roster.value, servicePrincipalId)
    ? healthy('EXCHANGE_ROLE', 'The application holds the role Exchange Administrator.')
    : unhealthy(
        'EXCHANGE_ROLE',
        'The application does not hold the role Exchange Administrator: assign it in Entra, under roles and administrators.',
        { blocks, mendUrl: links.roles },
      )
}

/** B18: what administrators who sign in can do through us. */
function delegatedCheck(links: HealthLinks, delegated: ReadonlySet<string> | null): HealthCheck {
  if (delegated === null) {
    return unknown(
      'DELEGATED_CONSENT',
      'Microsoft does not let us read the delegated consent; a privileged sign-in finds out.',
    )
  }
  const missingOf = ({ permissions }: CatalogueEntry) => missingPermissions(permissions.delegated ?? [], delegated)
  const missing = [...new Set(catalogue.flatMap(missingOf))]
  return missing.length === 0
    ? healthy('DELEGATED_CONSENT', 'The consent for privileged sign-ins was given.')
    : unhealthy('DELEGATED_CONSENT', `The consent for privileged sign-ins lacks ${missing.join(', ')}.`, {
        missingPermissions: missing,
        blocks: kindsOf((entry) => missingOf(entry).length > 0),
        mendUrl: links.consent(),
      })
}

const kindsOf = (fits: (entry: CatalogueEntry) => boolean): string[] => catalogue.filter(fits).map(({ kind }) => kind)

/**
 * Reads a tenant's health now, once for a request; a tenant without consent has an answer, too. What is asked in one tick leaves
 * together with the facts of a page of events, whose equal reads are shared.
 */
export function tenantHealth(ctx: ServiceContext, tenantId: string): Promise<TenantHealth> {
  let loader = ctx.memo.get(tenantHealth) as DataLoader<string, TenantHealth> | undefined
  if (!loader) {
    loader = new DataLoader((tenantIds) => Promise.all(tenantIds.map((id) => readHealth(ctx, id))))
    ctx.memo.set(tenantHealth, loader)
  }
  return loader.load(tenantId)
}

async function readHealth(ctx: ServiceContext, tenantId: string): Promise<TenantHealth> {
  const reader = { session: ctx.session, tenantId, clientId: ctx.clientId, fresh: false }
  const [granted, roster, feed, read] = await Promise.all([
    loadGrantedPermissions(reader),
    loadRoleRoster(reader),
    loadActivityFeed(reader),
    tenantFeed(ctx, tenantId),
  ])
  return healthOf(ctx, tenantId, granted, roster, feed, { ...read, now: ctx.now() })
}
