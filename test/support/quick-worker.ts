/** `tourniquet worker` with the waits of tests. */
import { readConfig } from '../../src/config.ts'
import { workerTiming } from '../../src/connect.ts'
import { runWorker } from '../../src/run-worker.ts'
import { productionTiming } from '../../src/timing.ts'
import { quickClients, quickFeed } from './quick-timing.ts'

const timing = { ...workerTiming, services: { ...productionTiming, feed: quickFeed }, clients: quickClients }
const worker = await runWorker({ ...readConfig('WORKER'), timing })
await worker.closed
