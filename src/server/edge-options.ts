/** What the configuration says of whom the gateway lets in, how often, and when it says no. */
export interface EdgeOptions {
  /** Null: none. */
  rateLimits: RateLimits | null
  /** Requests of one address in a minute that are not let in. */
  failedSignInsMax: number
  /** Requests of one address for pages of sign-in and consent in a minute. */
  pagesMax: number
  load: LoadLimits
  /** Of pages that may call the API from a browser, exactly as browsers say them. */
  corsOrigins: readonly string[]
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[]
}

/** Operations in a minute. */
export interface RateLimits {
  operatorReads: number
  operatorWrites: number
  tenantReads: number
  tenantWrites: number
}

export interface LoadLimits {
  /** Reads under way. */
  inFlightMax: number
  /** How late the event loop is, on average over a quarter of a second. */
  eventLoopDelayMsMax: number
}

/**
 * An integration that asks for each of 2,000 tenants once a minute uses a sixth of its reads; on a worst day somebody
 * stops twenty accounts a second.
 */
export const edgeDefaults = {
  rateLimits: { operatorReads: 12_000, operatorWrites: 1_200, tenantReads: 12_000, tenantWrites: 1_200 },
  failedSignInsMax: 60,
  pagesMax: 300,
  load: { inFlightMax: 1_000, eventLoopDelayMsMax: 250 },
  corsOrigins: [],
  trustedProxies: [],
} satisfies EdgeOptions

/** No limits: for whom nobody else asks. */
export const openEdge: EdgeOptions = {
  rateLimits: null,
  failedSignInsMax: Number.POSITIVE_INFINITY,
  pagesMax: Number.POSITIVE_INFINITY,
  load: { inFlightMax: Number.POSITIVE_INFINITY, eventLoopDelayMsMax: Number.POSITIVE_INFINITY },
  corsOrigins: [],
  trustedProxies: [],
}
