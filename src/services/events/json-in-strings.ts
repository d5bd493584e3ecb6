/** JSON inside string properties of audit records: often an array of one, with line breaks, and at times not JSON at all. */

const lengthMax = 500_000

/** The parsed value, or undefined when the text is no JSON object or array. Never throws. */
export function jsonIn(text: string | undefined): unknown {
  if (text === undefined || text.length > lengthMax) return undefined
  const trimmed = text.trim()
  if (!trimmed.startsWith('[') && !trimmed.startsWith('{')) return undefined
  try {
    return JSON.parse(trimmed)
  } catch {
    return undefined
  }
}

/** The members of a JSON array; an object counts as an array of one, everything else as empty. */
export function listIn(text: string | undefined): unknown[] {
  const value = jsonIn(text)
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}

/** The first scalar of a value like `[\r\n  "name"\r\n]`, or the text itself when it is no JSON; empty counts as absent. */
export function scalarIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const value = jsonIn(text)
  const first = value === undefined ? text : Array.isArray(value) ? value[0] : undefined
  if (typeof first === 'boolean' || typeof first === 'number') return String(first)
  return typeof first === 'string' && first.trim() !== '' ? first : undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A property that is a non-blank string. */
export function stringOf(value: unknown, key: string): string | undefined {
  if (!isObject(value)) return undefined
  const found = Object.hasOwn(value, key) ? value[key] : undefined
  return typeof found === 'string' && found.trim() !== '' ? found : undefined
}
