/** What looks random and is the same in every run. */
import { createHash } from 'node:crypto'

/** From 0 to 1: the same for the same words. */
export const chanceOf = (...words: string[]): number =>
  createHash('sha256').update(words.join('\u0000')).digest().readUInt32BE() / 2 ** 32

/** In an order that is the same for the same words. */
export function shuffledBy<T>(items: readonly T[], ...words: string[]): T[] {
  const keyed = items.map((item, index) => ({ item, key: chanceOf(...words, String(index)) }))
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item)
}

/** With numbers that are the same in every run. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const keyed = items.map((item) => ({ item, key: random() }))
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item)
}

/** Mulberry32: numbers from 0 to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
