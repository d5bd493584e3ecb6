/** JSON as Microsoft's services write it. */

/**
 * A member whose value may be too long for a double, as the services write it. Nothing in a text looks like one: a quote that no backslash
 * precedes opens or closes a text, and no word follows one that closes.
 */
const longMember = /((?<!\\)"\w+":)(-?\d{16,})(?=[,}\]\s])/g
/** A whole number outside of texts that may be too long for a double: what else is matched is a text, and left as it is. */
const textOrLongNumber = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])-?\d{16,}(?![\w.+-])/g
const bareLongNumber = /(?:^|[:,[\s])-?\d{16}/

/**
 * As `JSON.parse`, with whole numbers that a double cannot hold as text: an inbox rule's `RuleIdentity` is an unsigned
 * 64-bit integer and would name another rule after rounding. A reviver takes more than twice as long, and so does looking at every text,
 * which is left to what is written in another way.
 */
export function parseExact(text: string): unknown {
  if (!bareLongNumber.test(text)) return JSON.parse(text)
  const exact = text.replaceAll(longMember, (_, name: string, number: string) => name + keepExact(number))
  return JSON.parse(bareLongNumber.test(exact) ? exact.replaceAll(textOrLongNumber, keepExact) : exact)
}

const keepExact = (token: string): string =>
  token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Without `X@odata.type` and the like, at every depth. What is annotated as `#Int64` becomes text even when it is small. */
export function withoutAnnotations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAnnotations)
  if (!isObject(value)) return value
  const kept: Record<string, unknown> = {}
  for (const name in value) {
    if (name.includes('@')) continue
    const inner = value[name]
    const long = typeof inner === 'number' && /Int64$/.test(String(value[`${name}@odata.type`] ?? ''))
    kept[name] = long ? String(inner) : withoutAnnotations(inner)
  }
  return kept
}
