export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A whole number of any size as JSON, digit by digit: `JSON.stringify` would round what a double cannot hold.
 * TypeScript's library does not know `JSON.rawJSON` yet; Node 22 and later have it.
 */
export function wholeNumber(digits: string): unknown {
  const rawJson: unknown = Reflect.get(JSON, 'rawJSON')
  if (typeof rawJson !== 'function') throw new Error('This Node.js cannot write large numbers as JSON.')
  return rawJson(digits)
}
