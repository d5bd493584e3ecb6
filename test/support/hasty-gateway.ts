/** `tourniquet serve` with the waits of tests, also for its database. */
import { readConfig } from '../../src/config.ts'
import { serve } from '../../src/serve.ts'
import { quickClients, quickDatabase, quickRuns } from './quick-timing.ts'

const timing = { services: quickRuns, clients: quickClients, database: quickDatabase }
const serving = await serve({ ...readConfig('GATEWAY'), timing })
await serving.closed
