/** Why Entra gave no sign-in, by its own numbers; never by message text. */

export interface SignInErrorDetails {
  /** OAuth's word, e.g. `access_denied`; null when there was no answer. */
  error: string | null
  /** The number of `AADSTS…`; null when none was sent. */
  aadsts: number | null
  /** Set when Entra could not be reached or answered 5xx: trying again may help. */
  unavailable?: boolean
}

/** The message holds the numbers alone: Entra's own text names people. */
export class SignInError extends Error {
  readonly error: string | null
  readonly aadsts: number | null
  readonly unavailable: boolean

  constructor({ error, aadsts, unavailable = false }: SignInErrorDetails) {
    super(`Entra gave no sign-in: ${error ?? 'no answer'}${aadsts === null ? '' : ` (AADSTS${aadsts})`}`)
    this.name = 'SignInError'
    this.error = error
    this.aadsts = aadsts
    this.unavailable = unavailable
  }
}

/** The number in Entra's text, e.g. of a redirect's `error_description`. */
export function aadstsIn(text: string | null | undefined): number | null {
  const [, digits] = /AADSTS(\d{4,8})\b/.exec(text ?? '') ?? []
  return digits === undefined ? null : Number(digits)
}
