import { randomUUID } from 'node:crypto'

export type OAuthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_resource'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'consent_required'
  | 'login_required'
  | 'interaction_required'
  | 'access_denied'
  | 'permission_denied'

/** A refusal of Entra's login: `code` is the number of `AADSTS…`. */
export class LoginError extends Error {
  readonly code: number
  readonly error: OAuthError
  readonly status: 400 | 401 | 403
  /** What a new sign-in has to bring, as JSON text, and how Entra calls the reason. */
  readonly demand: { claims?: string; suberror?: string }

  constructor(
    code: number,
    error: OAuthError,
    message: string,
    status?: 400 | 401 | 403,
    demand: { claims?: string; suberror?: string } = {},
  ) {
    super(message)
    this.name = 'LoginError'
    this.code = code
    this.error = error
    this.demand = demand
    this.status = status ?? (error === 'invalid_client' ? 401 : 400)
  }

  get description(): string {
    return `AADSTS${this.code}: ${this.message}`
  }
}

/** The body of a failed token request. */
export function errorBody(error: LoginError, now: Date): object {
  const traceId = randomUUID()
  const correlationId = randomUUID()
  const timestamp = `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`
  return {
    error: error.error,
    error_description: `${error.description} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [error.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${error.code}`,
    ...error.demand,
  }
}

export const missingParameter = (name: string): LoginError =>
  new LoginError(900144, 'invalid_request', `The request body must contain the following parameter: '${name}'.`)

export const tenantNotFound = (name: string): LoginError =>
  new LoginError(
    90002,
    'invalid_request',
    `Tenant '${name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
  )

export const applicationNotFound = (clientId: string, directory: string): LoginError =>
  new LoginError(
    700016,
    'unauthorized_client',
    `Application with identifier '${clientId}' was not found in the directory '${directory}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
  )

export const applicationDisabled = (clientId: string, name: string): LoginError =>
  new LoginError(7000112, 'unauthorized_client', `Application '${clientId}'(${name}) is disabled.`)

export const accountDisabled = (): LoginError => new LoginError(50057, 'invalid_grant', 'The user account is disabled.')

/** A partner's technician is turned away where the application was never consented to. */
export const partnerNotAuthorised = (clientId: string, tenant: string): LoginError =>
  new LoginError(
    90099,
    'access_denied',
    `The application '${clientId}' has not been authorized in the tenant '${tenant}'. Applications must be authorized to access the customer tenant before partner delegated administrators can use them.`,
  )

export const noConsent = (clientId: string, name: string): LoginError =>
  new LoginError(
    65001,
    'consent_required',
    `The user or administrator has not consented to use the application with ID '${clientId}' named '${name}'. Send an interactive authorization request for this user and resource.`,
  )
