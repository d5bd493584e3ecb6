import { relative, resolve } from 'node:path'
import { expect, inject } from 'vitest'
import { collectorIn } from './collect.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder in which the run collects. */
    canary: string
  }
}

const root = resolve(import.meta.dirname, '../../..')

/** The collector of a test file. */
export const canary = collectorIn(
  () => inject('canary'),
  () => {
    const { testPath = '', currentTestName } = expect.getState()
    return [relative(root, testPath), currentTestName].filter(Boolean).join(' > ')
  },
)
