import { canary } from './canary.ts'
import type { SecretKind } from './collect.ts'

/** Where an answer shows a secret by design. */
const shown: readonly [RegExp, SecretKind][] = [
  [/(?<="temporaryPassword": *")[^"\\]+(?=")/g, 'temporary password'],
  [/(?<="key": *")tq_[\w-]{43}(?=")/g, 'API key'],
]

const before = new Set<string>()

/**
 * The answer of a mutation or a command without the secret that was made for it. A secret that is shown a second time is
 * left where it is, for the scan to find.
 */
export function shownOnce(answer: string): string {
  return shown.reduce(
    (text, [member, kind]) =>
      text.replaceAll(member, (secret) => {
        canary.secret(kind, secret)
        if (before.has(secret)) return secret
        before.add(secret)
        return '[shown once]'
      }),
    answer,
  )
}
