import type { ServiceContext } from '../../context.ts'
import type { Reading } from '../facts/fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from '../facts/granted-permissions.ts'
import { loadRoleRoster, type RoleRoster } from '../facts/role-roster.ts'
import { catalogue } from '../remediations/catalogue/index.ts'
import { missingPermissions } from '../remediations/contract.ts'
import type { HealthCheck, HealthStatus, TenantHealth } from './health-types.ts'

/** What reading the tenant's grants and roles needs. */
const ownNeeds = ['Application.Read.All', 'RoleManagement.Read.Directory']

/**
 * What the tenant granted, compared with what the remediations need (B19, B20). Pure: the readings are facts.
 * Permissions beyond what is needed are listed as extra and never make a tenant unhealthy.
 */
export function healthOf(
  { clientId, entraUrl, entraPortalUrl }: Pick<ServiceContext, 'clientId' | 'entraUrl' | 'entraPortalUrl'>,
  tenantId: string,
  granted: Reading<GrantedPermissions>,
  roster: Reading<RoleRoster>,
): TenantHealth {
  const checks = checksOf(granted, roster)
  const status: HealthStatus = checks.some((check) => check.status === 'UNHEALTHY')
    ? 'UNHEALTHY'
    : checks.some((check) => check.status === 'UNKNOWN')
      ? 'UNKNOWN'
      : 'HEALTHY'
  const scope = encodeURIComponent('https://graph.microsoft.com/.default')
  return {
    status,
    checks,
    mendUrl:
      status === 'HEALTHY' ? null : `${entraUrl}/${tenantId}/v2.0/adminconsent?client_id=${clientId}&scope=${scope}`,
    entraPermissionsUrl:
      granted.known && granted.value.state === 'CONSENTED'
        ? `${entraPortalUrl}/${tenantId}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Permissions/objectId/${granted.value.servicePrincipalId}/appId/${clientId}`
        : null,
  }
}

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
        refused ? ['Application.Read.All'] : [],
      ),
    ]
  }
  const { value } = granted
  if (value.state === 'NOT_CONSENTED') {
    return [check('CONSENT', 'UNHEALTHY', 'The tenant has not given its consent, or has taken it back.')]
  }
  if (value.state === 'APP_DISABLED') {
    return [
      check('CONSENT', 'HEALTHY', 'The tenant has given its consent.'),
      check(
        'APP_ENABLED',
        'UNHEALTHY',
        'The application is disabled in the tenant: turn on "Enabled for users to sign-in".',
      ),
    ]
  }
  return [
    check('CONSENT', 'HEALTHY', 'The tenant has given its consent.'),
    check('APP_ENABLED', 'HEALTHY', 'The application is enabled in the tenant.'),
    permissionCheck(value.application),
    ...(roster.known
      ? []
      : [check('APPLICATION_PERMISSIONS', 'UNKNOWN', 'The roles of the tenant could not be read.')]),
  ]
}

function permissionCheck(application: ReadonlySet<string>): HealthCheck {
  const missing = [
    ...new Set([
      ...ownNeeds.filter((name) => !application.has(name)),
      ...catalogue.flatMap((entry) => missingPermissions(entry, application)),
    ]),
  ]
  const used = new Set([...ownNeeds, ...catalogue.flatMap((entry) => entry.permissions.application.flat())])
  const extra = [...application].filter((name) => !used.has(name)).sort()
  return {
    ...check(
      'APPLICATION_PERMISSIONS',
      missing.length > 0 ? 'UNHEALTHY' : 'HEALTHY',
      missing.length > 0 ? `Permissions are missing: ${missing.join(', ')}.` : 'All permissions needed are granted.',
      missing,
    ),
    extraPermissions: extra,
  }
}

const check = (
  name: HealthCheck['name'],
  status: HealthStatus,
  message: string,
  missing: string[] = [],
): HealthCheck => ({ name, status, message, missingPermissions: missing, extraPermissions: [] })

/** Reads a tenant's health now; a tenant without consent has an answer, too. Reads equal to those of facts are shared. */
export async function tenantHealth(ctx: ServiceContext, tenantId: string): Promise<TenantHealth> {
  const reader = { session: ctx.session, tenantId, clientId: ctx.clientId, fresh: false }
  const [granted, roster] = await Promise.all([loadGrantedPermissions(reader), loadRoleRoster(reader)])
  return healthOf(ctx, tenantId, granted, roster)
}
