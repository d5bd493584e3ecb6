/**
 * JSON that Postgres takes. Text from audit records may hold U+0000 or half a surrogate pair; `jsonb` refuses both, and one
 * such record must not keep the others of its batch out.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value)
  return /\\u0000|\\ud[89a-f]/i.test(text) ? JSON.stringify(cleaned(JSON.parse(text))) : text
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanedText(value)
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [cleanedText(key), cleaned(part)]))
}

function cleanedText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}
