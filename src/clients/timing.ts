/** How long the clients wait for what, whatever deadline a session has. */
export interface ClientTiming {
  /** The longest time of one call. */
  callMs: number
  /** Until a connection stands. */
  connectMs: number
  /** Before the second try where the service names no delay; each further one is twice as long. */
  backoffMs: number
}

export const clientTiming: ClientTiming = { callMs: 30_000, connectMs: 5_000, backoffMs: 1_000 }
