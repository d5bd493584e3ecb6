/** What stands between the network and the API: whom the gateway lets in, how often, and when it says no. */
import type { Services } from '../context.ts'
import { createBudgets } from '../services/rates/budgets.ts'
import { type AddressLimit, createAddressLimit } from './address-limit.ts'
import { type Addresses, createAddresses } from './addresses.ts'
import { type Cors, createCors } from './cors.ts'
import type { EdgeOptions } from './edge-options.ts'
import { createFailedSignIns, type FailedSignIns } from './failed-sign-ins.ts'
import { createLoad, type Load } from './load.ts'
import { createRates, noRates, type Rates } from './rates.ts'

export interface Edge {
  rates: Rates
  failedSignIns: FailedSignIns
  /** Of the pages, which need no sign-in to write into an audit trail, only a link. */
  pages: AddressLimit
  load: Load
  cors: Cors
  addresses: Addresses
}

export function createEdge(options: EdgeOptions, { db, log }: Services): Edge {
  const { rateLimits, failedSignInsMax, pagesMax, load, corsOrigins, trustedProxies } = options
  return {
    rates: rateLimits ? createRates(createBudgets({ db, log }), rateLimits) : noRates,
    failedSignIns: createFailedSignIns(failedSignInsMax),
    pages: createAddressLimit(pagesMax),
    load: createLoad(load),
    cors: createCors(corsOrigins),
    addresses: createAddresses(trustedProxies),
  }
}
