/** Chance that a seed decides: the same seed, the same choices. */
export interface Seeded {
  /** From 0 to 1. */
  number(): number
  /** A whole number, both ends included. */
  whole(min: number, max: number): number
  oneOf<T>(choices: readonly [T, ...T[]]): T
}

/** Mulberry32. */
export function seeded(seed: number): Seeded {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  const number = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const whole = (min: number, max: number) => min + Math.floor(number() * (max - min + 1))
  return { number, whole, oneOf: (choices) => choices[whole(0, choices.length - 1)] ?? choices[0] }
}
