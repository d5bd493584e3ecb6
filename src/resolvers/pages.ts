/** Keyset pages as Relay connections: cursors are opaque, one page at a time, newest first. */
import { InvalidInputError } from '../services/refusals.ts'

export const pageSizeDefault = 20
export const pageSizeMax = 100

export interface PageArgs {
  first?: number | null | undefined
  after?: string | null | undefined
}

export interface Connection<T> {
  edges: { cursor: string; node: T }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

/** Opaque; names the list that it belongs to. */
export const encodeCursor = (list: string, key: string): string => Buffer.from(`${list}:${key}`).toString('base64url')

/**
 * Reads `first` and `after`. `list` names the list that the cursor belongs to, `key` is the form of its keys. Throws
 * `InvalidInputError` with every fault.
 */
export function readPage(args: PageArgs, list: string, key: RegExp): { first: number; after: string | undefined } {
  const first = args.first ?? pageSizeDefault
  const issues: { path: string[]; message: string }[] = []
  if (first < 1 || first > pageSizeMax) {
    issues.push({ path: ['first'], message: `first must be from 1 to ${pageSizeMax}.` })
  }
  const after = args.after == null ? undefined : readCursor(args.after, list, key)
  if (after === null) {
    issues.push({
      path: ['after'],
      message: 'after must be a cursor that this list gave: take it from pageInfo.endCursor.',
    })
  }
  if (issues.length > 0) throw new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)
  return { first, after: after ?? undefined }
}

/** Null for anything but a cursor of this list. */
export function readCursor(cursor: string, list: string, key: RegExp): string | null {
  const [name, text] = Buffer.from(cursor.slice(0, 200), 'base64url').toString('utf8').split(/:(.*)/s)
  return name === list && text !== undefined && key.test(text) ? text : null
}

/** `keyOf` gives what the next page starts after. */
export function connectionOf<T>(
  list: string,
  items: readonly T[],
  keyOf: (item: T) => string,
  page: { hasNextPage: boolean; after: string | undefined },
): Connection<T> {
  const edges = items.map((node) => ({ cursor: encodeCursor(list, keyOf(node)), node }))
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.after !== undefined,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

export const guidKey = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
export const numberKey = /^[0-9]{1,15}$/
