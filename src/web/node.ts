/** Pages on Node's own server. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Web } from './web.ts'

/** Others are not all allowed in a `Request`. */
const methods = new Set(['GET', 'HEAD', 'POST'])

/** False when the path is none of ours. Bodies are not read: the buttons of our pages send nothing. */
export async function answerPage(
  web: Web,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<boolean> {
  const target = request.url ?? '/'
  if (!methods.has(request.method ?? '')) return false
  if (!target.startsWith('/') || !URL.canParse(target, origin)) return false
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const asked = new Request(new URL(target, origin), { method: request.method ?? 'GET', headers })
  const answering = web(asked, requestId)
  if (!answering) return false
  request.resume()
  const answer = await answering
  const cookies = answer.headers.getSetCookie()
  for (const [name, value] of answer.headers) if (name !== 'set-cookie') response.setHeader(name, value)
  if (cookies.length > 0) response.setHeader('set-cookie', cookies)
  response.writeHead(answer.status)
  response.end(request.method === 'HEAD' ? undefined : Buffer.from(await answer.arrayBuffer()))
  return true
}
