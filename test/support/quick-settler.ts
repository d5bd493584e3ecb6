/** `tourniquet worker` with the waits of tests for runs. */
import { readConfig } from '../../src/config.ts'
import { workerTiming } from '../../src/connect.ts'
import { runWorker } from '../../src/run-worker.ts'
import { quickClients, quickRuns } from './quick-timing.ts'

const worker = await runWorker({
  ...readConfig('WORKER'),
  timing: { ...workerTiming, services: quickRuns, clients: quickClients },
})
await worker.closed
