/** What stands between the network and the API: whom the gateway lets in, how often, and when it says no. */
import type { Services } from '../context.ts'
import { createBudgets } from '../services/rates/budgets.ts'
import { type Addresses, createAddresses } from './addresses.ts'
import { type Cors, createCors } from './cors.ts'
import type { EdgeOptions } from './edge-options.ts'
import { createFailedSignIns, type FailedSignIns } from './failed-sign-ins.ts'
import { createLoad, type Load } from './load.ts'
import { createRates, noRates, type Rates } from './rates.ts'

export interface Edge {
  rates: Rates
  failedSignIns: FailedSignIns
  load: Load
  cors: Cors
  addresses: Addresses
}

export function createEdge(options: EdgeOptions, { db, log }: Services): Edge {
  const { rateLimits, failedSignInsMax, load, corsOrigins, trustedProxies } = options
  return {
    rates: rateLimits ? createRates(createBudgets({ db, log }), rateLimits) : noRates,
    failedSignIns: createFailedSignIns(failedSignInsMax),
    load: createLoad(load),
    cors: createCors(corsOrigins),
    addresses: createAddresses(trustedProxies),
  }
}
