import type { ServiceContext } from '../../context.ts'
import type { Reading } from '../facts/fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from '../facts/granted-permissions.ts'
import { globalAdministratorRoleId, loadRoleRoster, type RoleRoster } from '../facts/role-roster.ts'
import { catalogue } from '../remediations/catalogue/index.ts'
import { type CatalogueEntry, missingPermissions } from '../remediations/contract.ts'
import { consentUrlFor } from './admin-consent.ts'
import type { HealthCheck, HealthCheckName, HealthStatus, TenantHealth } from './health-types.ts'

/** What reading the tenant's grants and roles needs. */
const ownNeeds = ['Application.Read.All', 'RoleManagement.Read.Directory']

/** Of these, any lets our service principal send every cmdlet that a remediation needs (reference, section 4.2). */
const exchangeRoleIds = ['29232cdf-9323-42fd-ade2-1d097af3e4de', globalAdministratorRoleId]

/** Who looks; without an operator and a key to seal with, the link that mends is Entra's own page. */
export type HealthViewer = Pick<ServiceContext, 'clientId' | 'entraUrl' | 'entraPortalUrl'> &
  Partial<Pick<ServiceContext, 'operator' | 'publicUrl' | 'sealingKeys' | 'now' | 'memo'>>

/**
 * What the tenant granted, compared with what the remediations need (B19, B20). Pure: the readings are facts.
 * Permissions beyond what is needed are listed as extra and never make a tenant unhealthy.
 */
export function healthOf(
  viewer: HealthViewer,
  tenantId: string,
  granted: Reading<GrantedPermissions>,
  roster: Reading<RoleRoster>,
): TenantHealth {
  const { clientId, entraPortalUrl } = viewer
  const checks = checksOf(granted, roster)
  // Grants that cannot be read are no fault of the tenant: whoever needs them finds out.
  const counted = checks.filter(({ name, status }) => name !== 'DELEGATED_CONSENT' || status !== 'UNKNOWN')
  const status: HealthStatus = counted.some((check) => check.status === 'UNHEALTHY')
    ? 'UNHEALTHY'
    : counted.some((check) => check.status === 'UNKNOWN')
      ? 'UNKNOWN'
      : 'HEALTHY'
  return {
    status,
    checks,
    mendUrl: status === 'HEALTHY' ? null : mendUrlOf(viewer, tenantId, counted),
    entraPermissionsUrl:
      granted.known && granted.value.state === 'CONSENTED'
        ? `${entraPortalUrl}/${tenantId}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Permissions/objectId/${granted.value.servicePrincipalId}/appId/${clientId}`
        : null,
  }
}

/** Consent mends everything but a role, which Entra's own page of roles gives. */
function mendUrlOf(viewer: HealthViewer, tenantId: string, checks: readonly HealthCheck[]): string {
  const faults = checks.filter(({ status }) => status !== 'HEALTHY')
  if (faults.every(({ name }) => name === 'EXCHANGE_ROLE')) {
    return `${viewer.entraPortalUrl}/${tenantId}/#view/Microsoft_AAD_IAM/RolesManagementMenuBlade/~/AllRoles`
  }
  const { operator, publicUrl, sealingKeys, now, memo } = viewer
  if (operator && publicUrl !== undefined && sealingKeys && now) {
    return consentUrlFor({ operator, publicUrl, sealingKeys, now, ...(memo && { memo }) }, tenantId)
  }
  const scope = encodeURIComponent('https://graph.microsoft.com/.default')
  return `${viewer.entraUrl}/${tenantId}/v2.0/adminconsent?client_id=${viewer.clientId}&scope=${scope}`
}

const everyKind = (): string[] => catalogue.map(({ kind }) => kind)

function checksOf(granted: Reading<GrantedPermissions>, roster: Reading<RoleRoster>): HealthCheck[] {
  if (!granted.known) {
    const refused = granted.error.kind === 'FORBIDDEN'
    return [
      check(
        'CONSENT',
        refused ? 'UNHEALTHY' : 'UNKNOWN',
        refused
          ? 'Microsoft refused to show what the tenant granted: Application.Read.All is missing.'
          : 'Microsoft 365 did not tell what the tenant granted. Ask again in a minute.',
        { missingPermissions: refused ? ['Application.Read.All'] : [] },
      ),
    ]
  }
  const { value } = granted
  if (value.state === 'NOT_CONSENTED') {
    const message = 'The tenant has not given its consent, or has taken it back.'
    return [check('CONSENT', 'UNHEALTHY', message, { blocks: everyKind() })]
  }
  const consented = check('CONSENT', 'HEALTHY', 'The tenant has given its consent.')
  if (value.state === 'APP_DISABLED') {
    const message = 'The application is disabled in the tenant: turn on "Enabled for users to sign-in".'
    return [consented, check('APP_ENABLED', 'UNHEALTHY', message, { blocks: everyKind() })]
  }
  return [
    consented,
    check('APP_ENABLED', 'HEALTHY', 'The application is enabled in the tenant.'),
    permissionCheck(value.application),
    ...(roster.known
      ? []
      : [check('APPLICATION_PERMISSIONS', 'UNKNOWN', 'The roles of the tenant could not be read.')]),
    exchangeCheck(roster, value.servicePrincipalId),
    delegatedCheck(value.delegated),
  ]
}

function permissionCheck(application: ReadonlySet<string>): HealthCheck {
  const missingOf = ({ permissions }: CatalogueEntry) => missingPermissions(permissions.application, application)
  const missing = [...new Set([...ownNeeds.filter((name) => !application.has(name)), ...catalogue.flatMap(missingOf)])]
  const used = new Set([...ownNeeds, ...catalogue.flatMap((entry) => entry.permissions.application.flat())])
  return {
    ...check(
      'APPLICATION_PERMISSIONS',
      missing.length > 0 ? 'UNHEALTHY' : 'HEALTHY',
      missing.length > 0 ? `Permissions are missing: ${missing.join(', ')}.` : 'All permissions needed are granted.',
      { missingPermissions: missing, blocks: kindsOf((entry) => missingOf(entry).length > 0) },
    ),
    extraPermissions: [...application].filter((name) => !used.has(name)).sort(),
  }
}

/** Exchange gives our permission an effect only with a role. */
function exchangeCheck(roster: Reading<RoleRoster>, servicePrincipalId: string): HealthCheck {
  const blocks = kindsOf(({ permissions }) => permissions.exchangeAdministrator === true)
  if (blocks.length === 0) return check('EXCHANGE_ROLE', 'HEALTHY', 'No remediation needs a role in Exchange Online.')
  if (!roster.known) return check('EXCHANGE_ROLE', 'UNKNOWN', 'The roles of the tenant could not be read.')
  return roster.value.rolesOf(servicePrincipalId).some((role) => exchangeRoleIds.includes(role))
    ? check('EXCHANGE_ROLE', 'HEALTHY', 'The application holds the role Exchange Administrator.')
    : check(
        'EXCHANGE_ROLE',
        'UNHEALTHY',
        'The application does not hold the role Exchange Administrator: assign it in Entra, under roles and administrators.',
        { blocks },
      )
}

/** B18: what administrators who sign in can do through us. */
function delegatedCheck(delegated: ReadonlySet<string> | null): HealthCheck {
  if (delegated === null) {
    return check(
      'DELEGATED_CONSENT',
      'UNKNOWN',
      'Microsoft does not let us read the delegated consent; a privileged sign-in finds out.',
    )
  }
  const missingOf = ({ permissions }: CatalogueEntry) => missingPermissions(permissions.delegated ?? [], delegated)
  const missing = [...new Set(catalogue.flatMap(missingOf))]
  return missing.length === 0
    ? check('DELEGATED_CONSENT', 'HEALTHY', 'The consent for privileged sign-ins was given.')
    : check('DELEGATED_CONSENT', 'UNHEALTHY', `The consent for privileged sign-ins lacks ${missing.join(', ')}.`, {
        missingPermissions: missing,
        blocks: kindsOf((entry) => missingOf(entry).length > 0),
      })
}

const kindsOf = (fits: (entry: CatalogueEntry) => boolean): string[] => catalogue.filter(fits).map(({ kind }) => kind)

const check = (
  name: HealthCheckName,
  status: HealthStatus,
  message: string,
  more: Partial<Pick<HealthCheck, 'missingPermissions' | 'blocks'>> = {},
): HealthCheck => ({ name, status, message, missingPermissions: [], extraPermissions: [], blocks: [], ...more })

/** Reads a tenant's health now; a tenant without consent has an answer, too. Reads equal to those of facts are shared. */
export async function tenantHealth(ctx: ServiceContext, tenantId: string): Promise<TenantHealth> {
  const reader = { session: ctx.session, tenantId, clientId: ctx.clientId, fresh: false }
  const [granted, roster] = await Promise.all([loadGrantedPermissions(reader), loadRoleRoster(reader)])
  return healthOf(ctx, tenantId, granted, roster)
}
