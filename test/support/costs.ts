/** What an operation costs Microsoft and the database, told by the simulator's journal. */
import { expect } from 'vitest'
import type { JournalEntry } from '../../simulator/engine-types.ts'
import type { TestGateway } from './gateway.ts'

export interface Cost {
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of documents that they wrote themselves
  data: any
  /** HTTP requests to Microsoft without the login, e.g. `POST /$batch`. */
  requests: string[]
  /** Reads, alone or in a batch, with what tells them apart. */
  items: { graph: string[]; exchange: string[] }
  /** Rounds of requests: one that was sent after an answer had come belongs to the next. */
  waves: number
  /** SQL statements. */
  statements: number
}

type Caller = Parameters<TestGateway['graphql']>[2]

/** Of one operation that has no errors. */
export async function costOf(
  gateway: TestGateway,
  query: string,
  variables: Record<string, unknown>,
  caller: Caller,
): Promise<Cost> {
  const since = gateway.microsoft.journal().at(-1)?.seq ?? 0
  const before = gateway.db.statements()
  const { data, errors } = await gateway.graphql(query, variables, caller)
  expect(errors).toEqual([])
  const entries = gateway.microsoft.journal(since).filter(({ service }) => service !== 'login')
  const requests = entries.filter(({ batchId }) => batchId === null)
  const reads = entries.filter(({ path }) => !path.endsWith('/$batch'))
  return {
    data,
    requests: requests.map(({ method, path }) => `${method} ${path}`),
    items: {
      graph: reads.filter(({ service }) => service === 'graph').map(itemOf),
      exchange: reads.filter(({ service }) => service === 'exchange').map(itemOf),
    },
    waves: wavesOf(requests),
    statements: gateway.db.statements() - before,
  }
}

const itemOf = ({ method, path, cmdlet }: JournalEntry): string =>
  cmdlet ? `${cmdlet.CmdletName} ${JSON.stringify(cmdlet.Parameters)}` : `${method} ${decodeURIComponent(path)}`

/** The fewest requests that carry the items; none of them is of a mailbox in Graph. */
export const boundOf = ({ graph, exchange }: Cost['items']): number =>
  Math.ceil(graph.length / 20) + Math.ceil(exchange.length / 10)

/** Right when every answer comes late, so that all of a wave is on its way before its first answer. */
function wavesOf(requests: readonly Pick<JournalEntry, 'seq' | 'sentAfter'>[]): number {
  if (requests.length === 0) return 0
  const firstAnswer = Math.min(...requests.map(({ seq }) => seq))
  return 1 + wavesOf(requests.filter(({ sentAfter }) => sentAfter >= firstAnswer))
}

/** Every answer is so late that all requests of its wave are there before; until the returned function is called. */
export function withLateAnswers({ microsoft }: TestGateway): () => void {
  const faults = (['graph', 'exchange'] as const).map((service) =>
    microsoft.fault({ fault: 'delay', service, times: 1_000, args: { ms: 1_500 } }),
  )
  return () => {
    for (const fault of faults) fault.end()
  }
}
