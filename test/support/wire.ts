/** What went over the wire to Graph and to Exchange: each call with its answer, the items of a batch as calls of their own. */

export interface WireRecord {
  method: string
  /** Path and query below the version root, as they were sent. */
  url: string
  /** Names in lower case. */
  headers: Record<string, string>
  /** Parsed JSON; null without a body. */
  body: unknown
  status: number
  answerHeaders: Record<string, string>
  /** Parsed JSON; null without a body or when it is no JSON. */
  answer: unknown
}

export interface Wire {
  /** To be given to the simulator. */
  watch(request: Request, response: Response): void
  /** All calls so far that went to this root, e.g. `/v1.0`, in the order of their answers. */
  calls(root: string): Promise<WireRecord[]>
}

export function aWire(): Wire {
  const seen: Promise<WireRecord>[] = []
  return {
    watch: (request, response) => seen.push(recordOf(request, response)),
    async calls(root) {
      const records = (await Promise.all(seen)).filter(({ url }) => url.startsWith(`${root}/`))
      return records.map((record) => ({ ...record, url: record.url.slice(root.length) })).flatMap(withItems)
    },
  }
}

async function recordOf(request: Request, response: Response): Promise<WireRecord> {
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    url: `${pathname}${search}`,
    headers: Object.fromEntries(request.headers),
    body: parsed(await request.text()),
    status: response.status,
    answerHeaders: Object.fromEntries(response.headers),
    answer: parsed(await response.text()),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

interface BatchItem {
  id: string
  method: string
  url: string
  headers?: Record<string, string>
  body?: unknown
}

/** Items name their call relative to the version root, or, of Exchange, by its whole address. */
function withItems(batch: WireRecord): WireRecord[] {
  if (!batch.url.endsWith('/$batch')) return [batch]
  const { requests } = batch.body as { requests: BatchItem[] }
  const { responses = [] } = (batch.answer ?? {}) as {
    responses?: { id: string; status: number; headers?: Record<string, string>; body?: unknown }[]
  }
  const items = requests.flatMap(({ id, method, url, headers = {}, body = null }): WireRecord[] => {
    const response = responses.find((one) => one.id === id)
    if (!response) return []
    const { status, headers: answerHeaders = {}, body: answer = null } = response
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    return [{ method, url, headers: named, body, status, answerHeaders, answer }]
  })
  return [batch, ...items]
}
