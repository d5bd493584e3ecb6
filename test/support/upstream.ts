/** Clients on a server that answers as a test says. */
import { UpstreamError } from '../../src/clients/errors.ts'
import { createMicrosoft } from '../../src/clients/microsoft.ts'
import type { Microsoft, TenantClients } from '../../src/clients/types.ts'
import {
  type Answering,
  type AnsweringServer,
  anAnsweringServer,
  type BatchItem,
  batchItemsOf,
  batchReply,
  type Reply,
} from './answering-server.ts'

export const contoso = '11111111-aaaa-4bbb-8ccc-000000000001'
export const fabrikam = '11111111-aaaa-4bbb-8ccc-000000000002'

export interface Upstream extends TenantClients {
  server: AnsweringServer
  microsoft: Microsoft
  close(): Promise<void>
}

export interface UpstreamOptions {
  session?: Parameters<Microsoft['session']>[0]
  now?: () => Date
  graphUrl?: string
  publisherTenantId?: string
}

export async function anUpstream(answer: Answering, options: UpstreamOptions = {}): Promise<Upstream> {
  const server = await anAnsweringServer(answer)
  const { url } = server
  const microsoft = createMicrosoft({
    clientId: '22222222-aaaa-4bbb-8ccc-000000000000',
    credential: { secret: 'correct horse' },
    entraUrl: url,
    graphUrl: options.graphUrl ?? url,
    exchangeUrl: url,
    managementUrl: url,
    publisherTenantId: options.publisherTenantId ?? null,
    ...(options.now && { now: options.now }),
  })
  const clients = microsoft.session(options.session).tenant(contoso)
  const close = async () => {
    await microsoft.close()
    await server.close()
  }
  return { ...clients, server, microsoft, close }
}

/** Answers calls of Graph only; what else comes is signed in. */
export const onGraph =
  (answer: Answering): Answering =>
  (request) =>
    request.path.startsWith('/v1.0') ? answer(request) : undefined

/** Answers every read of Graph, alone or in a batch, by its path below the version. */
export const reads = (answer: (path: string, item: BatchItem | null) => Reply | undefined): Answering =>
  onGraph((request) => {
    const items = batchItemsOf(request)
    return items
      ? batchReply(items, (item) => answer(item.url, item))
      : answer(request.path.slice('/v1.0'.length), null)
  })

export const echo = reads((path) => ({ body: { path } }))

/** How many reads each request carried. */
export const batchSizes = ({ server }: Upstream): number[] =>
  server.received.map((request) => batchItemsOf(request)?.length ?? 1)

export const failureOf = (promise: Promise<unknown>): Promise<UpstreamError> =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: unknown) => {
      if (error instanceof UpstreamError) return error
      throw error
    },
  )
