/** Tenant health (B19, B20): what the tenant granted, compared with what the remediations and the event feed need. */

export const healthStatuses = ['HEALTHY', 'UNHEALTHY', 'UNKNOWN'] as const
export type HealthStatus = (typeof healthStatuses)[number]

export const healthCheckNames = [
  'CONSENT',
  'APP_ENABLED',
  'APPLICATION_PERMISSIONS',
  'DELEGATED_CONSENT',
  'EXCHANGE_ROLE',
  'ACTIVITY_FEED',
] as const
export type HealthCheckName = (typeof healthCheckNames)[number]

export interface HealthCheck {
  name: HealthCheckName
  status: HealthStatus
  /** One sentence for a person. */
  message: string
  missingPermissions: string[]
  /** Granted beyond what is needed: shown, never a fault. */
  extraPermissions: string[]
  /** Kinds of remediations that are not possible until this is mended; empty when nothing is wrong. */
  blocks: string[]
  /** Where it is mended; null when nothing is wrong, or it could not be looked at. */
  mendUrl: string | null
}

export interface TenantHealth {
  status: HealthStatus
  checks: HealthCheck[]
  /** Of the first fault. */
  mendUrl: string | null
  entraPermissionsUrl: string | null
}
