/** `POST /beta/{tenant}/$batch`: up to ten cmdlets in one request. */
import type { Call, Caller, Engine, Reply } from '../engine-types.ts'
import { plainErrorReply } from './errors.ts'
import { invoke, withHeaders } from './invoke.ts'
import { isObject } from './json.ts'

const itemsMax = 10

/** Throws `CutConnection`. A malformed batch is 400 as a whole and runs nothing. */
export async function invokeBatch(
  engine: Engine,
  caller: Caller,
  url: URL,
  headers: Record<string, string>,
  body: unknown,
): Promise<Reply> {
  const batchId = engine.newId()
  const calls = callsOf(caller, url, headers, body, batchId)
  if (typeof calls === 'string') return withHeaders(plainErrorReply(400, 'BadRequest', calls), engine.now())
  const settled = await Promise.allSettled(calls.map(({ call }) => invoke(engine, call)))
  const responses = settled.map((outcome, index) => {
    if (outcome.status === 'rejected') throw outcome.reason
    const { status, headers: itemHeaders, body: itemBody } = outcome.value
    const shown = Buffer.isBuffer(itemBody) ? itemBody.toString('base64') : itemBody
    return { id: calls[index]?.id, status, headers: itemHeaders, body: shown }
  })
  return withHeaders({ status: 200, body: { responses: engine.shuffle(responses) }, mutates: false }, engine.now())
}

/** A sentence when the batch cannot be read. */
function callsOf(
  caller: Caller,
  url: URL,
  headers: Record<string, string>,
  body: unknown,
  batchId: string,
): { id: string; call: Call }[] | string {
  const requests = isObject(body) ? body.requests : null
  if (!Array.isArray(requests) || requests.length === 0) return 'Invalid batch payload format.'
  if (requests.length > itemsMax) return `A batch holds at most ${itemsMax} requests.`
  const calls: { id: string; call: Call }[] = []
  for (const request of requests) {
    if (!isObject(request) || typeof request.id !== 'string') return 'Every request of a batch needs an id.'
    const { id, method, url: target } = request
    if (calls.some((one) => one.id.toLowerCase() === id.toLowerCase())) return `Request id '${id}' is not unique.`
    if (method !== 'POST' || typeof target !== 'string') return `Request id '${id}' is no POST to InvokeCommand.`
    const itemUrl = commandUrl(target, url)
    if (!itemUrl) return `Request id '${id}' is no POST to InvokeCommand.`
    const own = isObject(request.headers) ? request.headers : {}
    const named = Object.fromEntries(Object.entries(own).map(([name, value]) => [name.toLowerCase(), String(value)]))
    const call: Call = {
      method,
      url: itemUrl,
      headers: { ...(headers.prefer === undefined ? {} : { prefer: headers.prefer }), ...named },
      body: request.body ?? null,
      caller,
      batchId,
    }
    calls.push({ id, call })
  }
  return calls
}

/** Whole URLs and `/InvokeCommand` are both taken; null for any other path. */
function commandUrl(target: string, batch: URL): URL | null {
  const [, , tenant] = batch.pathname.split('/')
  const root = `${batch.origin}/beta/${tenant}`
  const whole = target.startsWith('http')
    ? target.replace(/^https?:\/\/[^/]+\/adminapi/i, batch.origin)
    : `${root}/${target.replace(/^\//, '')}`
  if (!URL.canParse(whole)) return null
  const url = new URL(whole)
  return url.pathname.toLowerCase() === `/beta/${tenant}/invokecommand`.toLowerCase() ? url : null
}
