/** Sends an attack and its twin, and judges what came back. */
import { randomUUID } from 'node:crypto'
import type { Seeded } from '../seeded.ts'
import type { AttackDocument } from './documents.ts'
import type { Samples } from './samples.ts'
import type { IsolationScene, Persona } from './scene.ts'
import { argumentFor, type Pair } from './values.ts'
import { guidsIn, words } from './world.ts'

export interface Attack {
  document: AttackDocument
  variables: Pair
  method: 'GET' | 'POST'
  accept: string
}

export interface Reply {
  status: number
  headers: string
  body: string
}

/** Paths of arguments that were given a value so far. */
export type Made = Set<string>

const triesMax = 100

/** Every attack names something of another tenant, wherever the field takes an argument; one that would change something, a target of it. */
export function anAttack(
  document: AttackDocument,
  { sees }: Persona,
  { all }: Samples,
  chance: Seeded,
  covered: Made,
): Attack {
  const own = all.filter(({ word }) => sees.includes(word))
  const foreign = all.filter(({ word }) => !sees.includes(word))
  const isWrite = document.operation === 'mutation'
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const made: string[] = []
    let targets = 0
    const note = (path: string, isForeignTarget: boolean) => {
      made.push(path)
      if (isForeignTarget) targets += 1
    }
    const parts = document.variables.flatMap(({ name, path, arg }) => {
      const value = argumentFor(arg.type, path, { own, foreign, chance, made: note })
      return value ? [[name, value] as const] : []
    })
    const variables = {
      real: Object.fromEntries(parts.map(([name, { real }]) => [name, real])),
      unreal: Object.fromEntries(parts.map(([name, { unreal }]) => [name, unreal])),
    }
    const hasTargets = made.some((path) => /Ids?$/.test(path))
    const isAttack = JSON.stringify(variables.real) !== JSON.stringify(variables.unreal)
    const isAimed = !isWrite || (hasTargets ? targets > 0 : isAttack)
    if (!isAimed || (!isAttack && document.variables.length > 0 && attempt < triesMax / 2)) continue
    for (const path of made) covered.add(path)
    return {
      document,
      variables,
      method: document.operation === 'query' && chance.number() < 0.1 ? 'GET' : 'POST',
      accept:
        document.operation === 'subscription'
          ? 'text/event-stream'
          : chance.oneOf(['application/graphql-response+json', 'application/json']),
    }
  }
  throw new Error(`No attack was found for ${document.field.name}.`)
}

/** A subscription that is granted says nothing by itself: it is left after this time. */
const silenceMs = 30

export async function send(
  { gateway }: IsolationScene,
  { authorization }: Persona,
  { document, method, accept }: Attack,
  variables: unknown,
  requestId: string = randomUUID(),
): Promise<Reply> {
  const leaving = new AbortController()
  const body = { query: document.text, variables }
  const search = `?query=${encodeURIComponent(document.text)}&variables=${encodeURIComponent(JSON.stringify(variables))}`
  const answer = await gateway.fetch(method === 'GET' ? `/graphql${search}` : '/graphql', {
    method,
    headers: {
      accept,
      'x-request-id': requestId,
      ...(authorization ? { authorization } : {}),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    },
    ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
    signal: leaving.signal,
  })
  // The trace is another one for each request.
  const headers = [...answer.headers].filter(([name]) => !['date', 'content-length', 'x-trace-id'].includes(name))
  return {
    status: answer.status,
    headers: headers.map(([name, value]) => `${name}: ${value}`).join('\n'),
    body: answer.headers.get('content-type')?.startsWith('text/event-stream')
      ? await beginningOf(answer, leaving)
      : await answer.text(),
  }
}

async function beginningOf(answer: Response, leaving: AbortController): Promise<string> {
  let text = ''
  const timer = setTimeout(() => leaving.abort(), silenceMs)
  try {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString()
  } catch (error) {
    if (!leaving.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
  return text
}

/** Words and ids of tenants that the persona does not see, and did not send itself. */
export function leaksIn(reply: Reply, sent: unknown, { sees }: Persona, { ownerOf }: Samples): string[] {
  const said = legible(`${reply.headers}\n${reply.body}`)
  const told = legible(JSON.stringify(sent))
  const foreign = words.filter((word) => !sees.includes(word))
  const leakedWords = foreign.filter((word) => holds(said, word) && !holds(told, word))
  const known = new Set(guidsIn(told))
  const leakedIds = [...new Set(guidsIn(said))].filter((id) => {
    const owner = ownerOf(id)
    return owner !== undefined && !sees.includes(owner) && !known.has(id)
  })
  return [...leakedWords, ...leakedIds]
}

const holds = (text: string, word: string): boolean => text.toLowerCase().includes(word.toLowerCase())

/** With what is encoded in it. */
const legible = (text: string): string =>
  [text, ...(text.match(/[\w-]{16,}/g) ?? []).map((part) => Buffer.from(part, 'base64url').toString())].join('\n')

/** Sealed links, their ends and times of use differ anyway, what was sent may be repeated, and a stream was left when it was. */
export function isSameAnswer(real: Reply, unreal: Reply, { variables }: Attack): boolean {
  const bothHave = Math.min(partsOf(real).length, partsOf(unreal).length)
  const plain = (reply: Reply) =>
    [reply.status, reply.headers, ...partsOf(reply).slice(0, bothHave).map(withoutChance)].join('\n')
  if (plain(real) === plain(unreal)) return true
  return renamed(plain(real), variables) === plain(unreal)
}

/** The whole of an answer, or of a stream the events that came as long as it was listened to. */
const partsOf = ({ headers, body }: Reply): string[] =>
  headers.includes(': text/event-stream')
    ? body
        .split('\n\n')
        .slice(0, -1)
        .filter((part) => !part.startsWith(':'))
    : [body]

const withoutChance = (body: string): string =>
  body
    .replaceAll(/(\/(?:sign-in|consent)\/)[\w.~-]+/g, (_, path: string) => `${path}…`)
    .replaceAll(/("(?:expiresAt|lastUsedAt)":)(?:"[^"]*"|null)/g, '$1"…"')

/** The first answer as if the twin's values had been sent. */
function renamed(text: string, { real, unreal }: Pair): string {
  let changed = text
  // The longest first: it may hold others.
  for (const [from, to] of stringPairs(real, unreal).sort(([a], [b]) => b.length - a.length)) {
    const quoted = [from, to].map((value) => JSON.stringify(value).slice(1, -1))
    changed = changed.replaceAll(quoted[0] ?? from, quoted[1] ?? to)
    // A tenant named by its id in Entra has an id of the API, too.
    changed = changed.replaceAll(/[\w-]{16,}/g, (part) => {
      const text = Buffer.from(part, 'base64url').toString()
      return text.includes(from) ? Buffer.from(text.replaceAll(from, to)).toString('base64url') : part
    })
  }
  return changed
}

function stringPairs(real: unknown, unreal: unknown): [string, string][] {
  if (typeof real === 'string') {
    const pair: [string, string] = [real, String(unreal)]
    // A tenant's id in capitals is answered in small letters.
    const small: [string, string] = [real.toLowerCase(), String(unreal).toLowerCase()]
    return real !== unreal && real.length > 3 ? [pair, small] : []
  }
  if (typeof real !== 'object' || real === null) return []
  const other = (unreal ?? {}) as Record<string, unknown>
  return Object.entries(real).flatMap(([key, value]) => stringPairs(value, other[key]))
}

/** The tenant for whose consent a stranger got a link; asking is on record there. */
export function tenantAskedForConsent({ document, variables }: Attack, { body }: Reply): string | null {
  if (document.field.name !== 'connectTenant' || !body.includes('"TenantConsentLink"')) return null
  const [id] = guidsIn(JSON.stringify(variables.real))
  return id ?? null
}
