/** `tourniquet serve` and `tourniquet worker`: processes that run until a signal. */
import { readConfig } from '../config.ts'
import { runWorker as startWorker } from '../run-worker.ts'
import { serve } from '../serve.ts'
import { CommandFault } from './output.ts'

/** Runs the gateway; resolves when it has finished what it began. */
export async function runGateway(): Promise<void> {
  const settings = readConfig('GATEWAY')
  const serving = await serve(settings).catch((error: unknown) => {
    const { host, port } = settings.config
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new CommandFault(`Port ${port} on ${host} is taken by another program: end it, or set PORT to another one.`)
    }
    if (error instanceof Error && 'code' in error && (error.code === 'EADDRNOTAVAIL' || error.code === 'EACCES')) {
      throw new CommandFault(
        `The gateway cannot listen on ${host}:${port} (${error.code}): set HOST and PORT to an address of this machine.`,
      )
    }
    throw error
  })
  await serving.closed
}

/** Runs the worker; resolves when the jobs under way are finished. */
export async function runWorker(): Promise<void> {
  const worker = await startWorker(readConfig('WORKER'))
  await worker.closed
}
