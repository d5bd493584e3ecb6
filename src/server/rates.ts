/** Rate limits of operators and tenants as HTTP and GraphQL say them: what an operation costs, and what is left. */
import type { ServerResponse } from 'node:http'
import { GraphQLError } from 'graphql'
import type { Caller } from '../services/operators/authenticate.ts'
import type { Budgets, Charge, Refused, State } from '../services/rates/budgets.ts'
import type { RateLimits } from './edge-options.ts'

export interface Cost {
  isWrite: boolean
  weight: number
  /** Tenants that the operation names, whether the caller sees them or not. */
  tenantIds: readonly string[]
}

/** One operator's request. */
export interface RequestRates {
  /** Whether a document with this text cannot be let through, whatever it asks for. Null: the text is not known. */
  refusalOf(query: string | null): Refused | null
  /** Throws `RATE_LIMITED`, and then nothing is counted. */
  charge(cost: Cost): void | Promise<void>
  /** A request that came to no operation, because of a fault in it, counts, too. */
  chargeFault(query: string | null): Promise<void>
}

export interface Rates {
  of(caller: Caller, response: ServerResponse, onRefused: (budget: string) => void): RequestRates
}

/** Whether a document can hold a change. Null: it is not known. */
export const mayWrite = (query: string | null) => query === null || /\bmutation\b/.test(query)

/** Headers are those of draft-ietf-httpapi-ratelimit-headers-11. */
export function createRates(budgets: Budgets, limits: RateLimits): Rates {
  const quotas = {
    'operator-reads': limits.operatorReads,
    'operator-writes': limits.operatorWrites,
    'tenant-reads': limits.tenantReads,
    'tenant-writes': limits.tenantWrites,
  }
  type Budget = keyof typeof quotas
  const policy = Object.entries(quotas)
    .map(([name, quota]) => `"${name}";q=${quota};w=60`)
    .join(', ')
  const chargeOf = (subject: string, budget: Budget, weight: number): Charge => ({
    subject,
    budget,
    quota: quotas[budget],
    weight,
  })

  return {
    of({ operator, access }, response, onRefused) {
      const reads = chargeOf(operator.id, 'operator-reads', 1)
      const writes = chargeOf(operator.id, 'operator-writes', 1)

      function show(ofTenant: State | null): void {
        if (response.headersSent) return
        const states = [budgets.stateOf(reads), budgets.stateOf(writes), ...(ofTenant ? [ofTenant] : [])]
        response.setHeader('ratelimit', states.map(fieldOf).join(', '))
      }
      response.setHeader('ratelimit-policy', policy)
      show(null)

      function refused(refusal: Refused): GraphQLError {
        onRefused(refusal.budget)
        show(refusal.budget.startsWith('tenant') ? refusal : null)
        return rateLimited(refusal)
      }

      return {
        refusalOf(query) {
          const refusal = budgets.refusalOf(reads)
          if (refusal === null || (mayWrite(query) && budgets.refusalOf(writes) === null)) return null
          onRefused(refusal.budget)
          return refusal
        },
        charge({ isWrite, weight, tenantIds }) {
          const kind = isWrite ? 'writes' : 'reads'
          // A tenant that the caller does not see is no concern of its limits: nobody uses up those of others.
          const ofTenants = tenantIds
            .filter((id) => access.rolesIn(id).length > 0)
            .map((id) => chargeOf(id, `tenant-${kind}`, isWrite ? weight : 1))
          function judge(refusal: Refused | null): void {
            if (refusal) throw refused(refusal)
            show(scarcest(ofTenants.map((charge) => budgets.stateOf(charge))))
          }
          const taken = budgets.take([chargeOf(operator.id, `operator-${kind}`, weight), ...ofTenants])
          return taken instanceof Promise ? taken.then(judge) : judge(taken)
        },
        async chargeFault(query) {
          const order = query === null || !mayWrite(query) ? [reads, writes] : [writes, reads]
          for (const charge of order) if ((await budgets.take([charge])) === null) return
        },
      }
    },
  }
}

/** No limits. */
export const noRates: Rates = {
  of: () => ({ refusalOf: () => null, charge: () => {}, chargeFault: async () => {} }),
}

const fieldOf = ({ budget, remaining, fullInSeconds }: State) => `"${budget}";r=${remaining};t=${fullInSeconds}`

const scarcest = (states: readonly State[]): State | null =>
  states.reduce<State | null>((least, one) => (least && least.remaining <= one.remaining ? least : one), null)

export function rateLimited({ budget, retryAfterSeconds }: Refused): GraphQLError {
  return new GraphQLError(rateLimitedMessage({ budget, retryAfterSeconds }), {
    extensions: {
      code: 'RATE_LIMITED',
      retryAfterSeconds,
      http: { status: 429, headers: { 'retry-after': String(retryAfterSeconds) } },
    },
  })
}

const whose: Record<string, string> = {
  'operator-reads': 'You ask more than your limit of reads in a minute',
  'operator-writes': 'You ask for more changes in a minute than your limit allows',
  'tenant-reads': 'All together ask more of this tenant in a minute than its limit of reads',
  'tenant-writes': 'All together ask for more changes in this tenant in a minute than its limit allows',
}

export const rateLimitedMessage = ({ budget, retryAfterSeconds }: Pick<Refused, 'budget' | 'retryAfterSeconds'>) =>
  `${whose[budget] ?? 'There are too many requests'}: nothing was done. Send it again after ${retryAfterSeconds} s.`
