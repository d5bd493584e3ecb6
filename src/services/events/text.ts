/** Text out of records: nobody vouches for it, so it is cleaned before it is stored or shown. */

/** Characters that steer a terminal or turn the reading direction: C0, C1, zero-width, bidirectional controls, BOM. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const steering = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g

/** For storing exactly: PostgreSQL takes neither NUL nor half a surrogate pair. Clipped to `lengthMax` characters. */
export function storable(value: string, lengthMax = 1000): string {
  return clipped(value.replaceAll('\u0000', ''), lengthMax)
}

/** For reading: one line, no control characters, clipped with an ellipsis. Never empty: `fallback` stands for blank text. */
export function plain(value: string, lengthMax = 120, fallback = '(blank)'): string {
  const line = value
    .slice(0, lengthMax * 4)
    .replace(steering, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  if (line === '') return fallback
  return line.length <= lengthMax ? line.toWellFormed() : `${clipped(line, lengthMax - 1)}…`
}

/** A name in quotation marks inside a sentence. */
export const quoted = (value: string, lengthMax = 80): string => `“${plain(value, lengthMax)}”`

/** `a, b and c`; longer lists end in a count. */
export function listed(values: readonly string[], countMax = 6): string {
  const shown = values.slice(0, countMax)
  const rest = values.length - shown.length
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

function clipped(value: string, lengthMax: number): string {
  return value.slice(0, lengthMax).toWellFormed()
}
