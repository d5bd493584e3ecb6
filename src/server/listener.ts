/** Node's server, with an end to everything that a client could draw out. */
import { createServer, type RequestListener, type Server } from 'node:http'

export interface ConnectionLimits {
  /** From the first byte to the end of the head, and to the end of the body. */
  headersTimeoutMs: number
  requestTimeoutMs: number
  /** How often it is looked at who is too slow. */
  checkMs: number
  connectionsMax: number
}

/** A large import may take its minute. */
export const connectionLimits: ConnectionLimits = {
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
  checkMs: 2_000,
  connectionsMax: 10_000,
}

export function createListener(handle: RequestListener, limits: ConnectionLimits = connectionLimits): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkMs,
      // More than the idle timeout of the usual load balancers, which otherwise send into a connection that just ends.
      keepAliveTimeout: 65_000,
    },
    handle,
  )
  server.maxConnections = limits.connectionsMax
  return server
}
