/** `tourniquet serve` and `tourniquet worker`: processes that run until a signal. */
import { type Config, readConfig } from '../config.ts'
import { serve } from '../serve.ts'
import { collectSpans } from '../trace.ts'
import { CommandFault } from './output.ts'

/** Runs the gateway; resolves when it has finished what it began. */
export async function runGateway(): Promise<void> {
  const settings = readConfig('GATEWAY')
  const stopTracing = await startTracing(settings.config)
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
  await stopTracing()
}

/** Runs the worker; resolves when the jobs under way are finished. */
export async function runWorker(): Promise<void> {
  const settings = readConfig('WORKER')
  const stopTracing = await startTracing(settings.config)
  const worker = await (await import('../run-worker.ts')).runWorker(settings)
  await worker.closed
  await stopTracing()
}

/** The exporter is loaded only where there is somebody to send spans to. */
async function startTracing({ otelEndpoint }: Config): Promise<() => Promise<void>> {
  if (otelEndpoint === null) return async () => {}
  const { createSpanExport } = await import('../otlp.ts')
  const spans = createSpanExport(otelEndpoint)
  collectSpans(spans)
  return () => spans.close()
}
