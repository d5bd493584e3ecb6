/** `tourniquet serve` with the waits of tests. */
import { readConfig } from '../../src/config.ts'
import { gatewayTiming } from '../../src/connect.ts'
import { serve } from '../../src/serve.ts'
import { patientDatabase, quickClients, quickRuns } from './quick-timing.ts'

const serving = await serve({
  ...readConfig('GATEWAY'),
  timing: { ...gatewayTiming, database: patientDatabase, services: quickRuns, clients: quickClients },
})
await serving.closed
