/** JSON as Microsoft's services write it. */

const longNumber = /\d{16}/

/**
 * As `JSON.parse`, with whole numbers that a double cannot hold as text: an inbox rule's `RuleIdentity` is an unsigned
 * 64-bit integer and would name another rule after rounding.
 */
export function parseExact(text: string): unknown {
  return longNumber.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text)
}

// TypeScript's library does not know the third argument of a reviver yet; Node 22 and later pass it.
const keepExact = ((_key: string, value: unknown, context?: { source?: string }) => {
  const source = context?.source
  const rounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  return rounded && source !== undefined && /^-?\d+$/.test(source) ? source : value
}) as (key: string, value: unknown) => unknown

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Without `X@odata.type` and the like, at every depth. What is annotated as `#Int64` becomes text even when it is small. */
export function withoutAnnotations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAnnotations)
  if (!isObject(value)) return value
  const kept: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    if (name.includes('@')) continue
    const long = typeof inner === 'number' && /Int64$/.test(String(value[`${name}@odata.type`] ?? ''))
    kept[name] = long ? String(inner) : withoutAnnotations(inner)
  }
  return kept
}
