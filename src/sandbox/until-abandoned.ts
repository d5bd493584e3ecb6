/** Ends a process of the sandbox as a signal would when the sandbox itself is gone: nobody could stop it any more. */
export async function runUntilAbandoned(service: { close(): Promise<void>; closed: Promise<void> }): Promise<void> {
  process.once('disconnect', () => void service.close())
  if (process.send && !process.connected) void service.close()
  await service.closed
  // The listener above keeps the channel, and with it the process, alive.
  if (process.connected) process.disconnect()
}
