/** What the checks of a tenant's health are made of. */
import type { ServiceContext } from '../../context.ts'
import { consentUrlFor } from './admin-consent.ts'
import type { HealthCheck, HealthCheckName, HealthStatus } from './health-types.ts'

/** Who looks; without an operator and a key to seal with, the link for consent is Entra's own page. */
export type HealthViewer = Pick<ServiceContext, 'clientId' | 'entraUrl' | 'entraPortalUrl'> &
  Partial<Pick<ServiceContext, 'operator' | 'publicUrl' | 'sealingKeys' | 'now' | 'memo'>>

/** Where faults are mended. */
export interface HealthLinks {
  consent(): string
  /** Entra's pages of roles, and of applications in the tenant. */
  roles: string
  applications: string
  /** Microsoft's instructions: they hold in every cloud. */
  auditing: string
  subscriptions: string
}

const microsoftLearn = 'https://learn.microsoft.com'

export function linksOf(viewer: HealthViewer, tenantId: string): HealthLinks {
  const entra = `${viewer.entraPortalUrl}/${tenantId}/#view/Microsoft_AAD_IAM`
  return {
    consent: () => consentLinkOf(viewer, tenantId),
    roles: `${entra}/RolesManagementMenuBlade/~/AllRoles`,
    applications: `${entra}/StartboardApplicationsMenuBlade/~/AppAppsPreview`,
    auditing: `${microsoftLearn}/purview/audit-log-enable-disable`,
    subscriptions: `${microsoftLearn}/office/office-365-management-api/office-365-management-activity-api-reference#start-a-subscription`,
  }
}

function consentLinkOf(viewer: HealthViewer, tenantId: string): string {
  const { operator, publicUrl, sealingKeys, now, memo } = viewer
  if (operator && publicUrl !== undefined && sealingKeys && now) {
    return consentUrlFor({ operator, publicUrl, sealingKeys, now, ...(memo && { memo }) }, tenantId)
  }
  const scope = encodeURIComponent('https://graph.microsoft.com/.default')
  return `${viewer.entraUrl}/${tenantId}/v2.0/adminconsent?client_id=${viewer.clientId}&scope=${scope}`
}

type Details = Pick<HealthCheck, 'missingPermissions' | 'extraPermissions' | 'blocks' | 'mendUrl'>

const check = (
  name: HealthCheckName,
  status: HealthStatus,
  message: string,
  details: Partial<Details> = {},
): HealthCheck => ({
  name,
  status,
  message,
  missingPermissions: [],
  extraPermissions: [],
  blocks: [],
  mendUrl: null,
  ...details,
})

export const healthy = (name: HealthCheckName, message: string, details?: Pick<Details, 'extraPermissions'>) =>
  check(name, 'HEALTHY', message, details)

export const unknown = (name: HealthCheckName, message: string) => check(name, 'UNKNOWN', message)

/** A fault always says where it is mended. */
export const unhealthy = (
  name: HealthCheckName,
  message: string,
  details: Partial<Details> & { mendUrl: string },
): HealthCheck => check(name, 'UNHEALTHY', message, details)
