/** Only ratios within one run count: what is compared is measured in turns, and said as a median with its spread. */

export interface Spread {
  median: number
  min: number
  max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) }
}

/** The value that a part of all lies below, e.g. 0.99. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

/** Three digits that mean something. */
export function shown({ median, min, max }: Spread): string {
  const digits = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 })
  return min === max ? digits(median) : `${digits(median)} (${digits(min)}–${digits(max)})`
}

/** Values by what was measured, one for each round. */
export type Measured = Record<string, number[]>

export function note(measured: Measured, name: string, value: number): void {
  measured[name] ??= []
  measured[name].push(value)
}
