/** Exchange cmdlets in one tenant, for one session, through the admin REST endpoint of the PowerShell module. */
import { traceIdAsGuid } from '../../trace.ts'
import { createAnswerLoader } from '../answer-loader.ts'
import type { Bounds } from '../bounds.ts'
import type { Circuit } from '../circuit.ts'
import { isUnauthorized, type UpstreamError } from '../errors.ts'
import { brokenConnection, type Headers, headerOf } from '../failures.ts'
import type { Http } from '../http.ts'
import { isObject } from '../json.ts'
import { createReadQueue } from '../read-queue.ts'
import type { CmdletAnswer, CmdletOptions, ExchangeClient } from '../types.ts'
import { write } from '../write.ts'
import { type CmdletCall, type CmdletPage, cmdletCall, isReading, pageOf } from './cmdlet.ts'
import { type ExchangeReply, exchangeFailure, exchangeReplyOf, unreadable } from './errors.ts'

export interface ExchangeClientOptions {
  http: Http
  exchangeUrl: string
  tenantId: string
  bounds: Bounds
  circuit: Circuit
  /** Told before and after each write. */
  changed(): void
  /** The tenant's token for Exchange, and how to forget it. */
  token: { get(): Promise<string>; drop(token: string): void }
}

const batchSizeMax = 10
const pagesMax = 1_000

export function createExchangeClient(options: ExchangeClientOptions): ExchangeClient {
  const { http, tenantId, bounds, circuit, changed, token } = options
  const root = `${new URL(options.exchangeUrl).origin}/adminapi/beta/${tenantId}`

  async function send(
    accessToken: string,
    url: string,
    headers: Record<string, string>,
    body: unknown,
  ): Promise<ExchangeReply> {
    const answer = await http.send({
      service: 'exchange',
      url,
      method: 'POST',
      headers: { ...headers, ...callHeaders(), authorization: `Bearer ${accessToken}` },
      body: JSON.stringify(body),
      bounds,
    })
    const reply = exchangeReplyOf(answer)
    if (reply.status === 401) token.drop(accessToken)
    if (reply.status < 200 || reply.status >= 300) throw exchangeFailure(reply, bounds.now())
    return reply
  }

  function resultOf(reply: ExchangeReply): CmdletPage | UpstreamError {
    if (reply.status < 200 || reply.status >= 300) return exchangeFailure(reply, bounds.now())
    return pageOf(reply.body, headerOf(reply.headers, 'request-id')) ?? unreadable(reply, false)
  }

  async function sendReads(calls: readonly CmdletCall[]): Promise<(CmdletPage | UpstreamError)[]> {
    const accessToken = await token.get()
    const [only] = calls
    if (calls.length === 1 && only) return [resultOf(await send(accessToken, only.url, cmdletHeaders(only), only.body))]
    const requests = calls.map((call, index) => ({
      id: String(index + 1),
      method: 'POST',
      url: call.url,
      headers: { 'Content-Type': 'application/json; charset=utf-8', ...cmdletHeaders(call) },
      body: call.body,
    }))
    const batchHeaders = { Prefer: `${pageSize};odata.continue-on-error` }
    const reply = await send(accessToken, `${root}/$batch`, batchHeaders, { requests })
    const responses = isObject(reply.body) && Array.isArray(reply.body.responses) ? reply.body.responses : null
    if (!responses) throw unreadable(reply, false)
    const byId = new Map(responses.filter(isObject).map((response) => [String(response.id), response]))
    const results = requests.map(({ id }) => {
      const item = byId.get(id)
      const status = Number(item?.status)
      if (!item || !Number.isInteger(status)) return unreadable(reply, false)
      const headers = isObject(item.headers) ? (item.headers as Headers) : {}
      return resultOf({ status, headers, body: item.body })
    })
    if (results.some(isUnauthorized)) token.drop(accessToken)
    return results
  }

  const loader = createAnswerLoader(
    ({ url, anchor, body }: CmdletCall) => `${url} ${anchor} ${JSON.stringify(body)}`,
    createReadQueue<CmdletCall, CmdletPage>({ service: 'exchange', bounds, circuit, pack: inTens, send: sendReads }),
  )

  async function read(
    call: CmdletCall,
    { fresh = false, firstPageOnly = false }: CmdletOptions,
  ): Promise<CmdletAnswer> {
    const answer: CmdletAnswer = { value: [], warnings: [], requestId: null }
    const seen = new Set<string>()
    for (let url: string | null = call.url; url !== null; ) {
      seen.add(url)
      // The next page is asked for with the same body.
      const page: CmdletPage = await loader.read({ ...call, url }, fresh)
      answer.value.push(...page.value)
      answer.warnings.push(...page.warnings)
      answer.requestId = page.requestId
      if (firstPageOnly) return { ...answer, hasMore: page.nextLink !== null }
      url = page.nextLink
      if (url !== null && (!url.startsWith(`${root}/`) || seen.has(url) || seen.size >= pagesMax)) {
        throw brokenConnection('exchange', { mayHaveActed: false, status: 200, requestId: page.requestId })
      }
    }
    return answer
  }

  function forget(): void {
    loader.forget()
    changed()
  }

  async function change(call: CmdletCall, repeatable: boolean): Promise<CmdletAnswer> {
    forget()
    try {
      return await write({ service: 'exchange', bounds, circuit, repeatable }, async () => {
        const reply = await send(await token.get(), call.url, cmdletHeaders(call), call.body)
        const page = pageOf(reply.body, headerOf(reply.headers, 'request-id'))
        if (!page) throw unreadable(reply, true)
        return { value: page.value, warnings: page.warnings, requestId: page.requestId }
      })
    } finally {
      forget()
    }
  }

  return {
    async invoke(cmdlet, parameters, cmdletOptions: CmdletOptions = {}) {
      const call = cmdletCall(`${root}/InvokeCommand`, tenantId, cmdlet, parameters, cmdletOptions)
      if (isReading(cmdlet)) return read(call, cmdletOptions)
      return change(call, cmdletOptions.repeatable ?? false)
    },
  }
}

const pageSize = 'odata.maxpagesize=1000'

const cmdletHeaders = ({ anchor }: CmdletCall): Record<string, string> => ({
  'X-AnchorMailbox': anchor,
  Prefer: pageSize,
})

const callHeaders = (): Record<string, string> => ({
  'content-type': 'application/json; charset=utf-8',
  accept: 'application/json',
  'accept-encoding': 'identity',
  'client-request-id': traceIdAsGuid(),
})

function inTens<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / batchSizeMax)
  const batches: T[][] = Array.from({ length: count }, () => [])
  items.forEach((item, index) => {
    batches[index % count]?.push(item)
  })
  return batches
}
