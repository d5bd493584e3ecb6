import { expect, test } from 'vitest'
import { createSharedLookups } from './shared-lookups.ts'

/** Look-ups that answer when they are told to, with their number. */
function aDirectory() {
  const begun: PromiseWithResolvers<{ number: number }>[] = []
  const look = () => {
    const one = Promise.withResolvers<{ number: number }>()
    begun.push(one)
    return one.promise
  }
  const answer = (number: number) => begun[number - 1]?.resolve({ number })
  return { begun, look, answer }
}

test('who arrives during a look-up gets the answer of the next, together with all who do', async () => {
  const { begun, look, answer } = aDirectory()
  const { find } = createSharedLookups()
  const first = find('a', look)
  const later = [find('a', look), find('a', look), find('a', look)]
  expect(begun).toHaveLength(1)
  answer(1)
  expect(await first).toEqual({ number: 1 })
  await expect.poll(() => begun.length).toBe(2)
  // These arrive while the second is under way, which may have read already what is no longer so.
  const last = find('a', look)
  answer(2)
  expect(await Promise.all(later)).toEqual([{ number: 2 }, { number: 2 }, { number: 2 }])
  await expect.poll(() => begun.length).toBe(3)
  answer(3)
  expect(await last).toEqual({ number: 3 })
})

test('nothing is kept: who arrives afterwards is looked up anew', async () => {
  const { begun, look, answer } = aDirectory()
  const { find } = createSharedLookups()
  for (const number of [1, 2, 3]) {
    const found = find('a', look)
    expect(begun).toHaveLength(number)
    answer(number)
    expect(await found).toEqual({ number })
  }
})

test('another credential shares nothing, and does not wait', async () => {
  const { begun, look, answer } = aDirectory()
  const { find } = createSharedLookups()
  const one = find('a', look)
  const other = find('b', look)
  expect(begun).toHaveLength(2)
  answer(2)
  expect(await other).toEqual({ number: 2 })
  answer(1)
  expect(await one).toEqual({ number: 1 })
})

test('a look-up that failed fails for its own callers only', async () => {
  const { begun, look, answer } = aDirectory()
  const { find } = createSharedLookups()
  const failing = find('a', look)
  const next = find('a', look)
  begun[0]?.reject(new Error('The database is away.'))
  await expect(failing).rejects.toThrow('away')
  await expect.poll(() => begun.length).toBe(2)
  answer(2)
  expect(await next).toEqual({ number: 2 })
})
