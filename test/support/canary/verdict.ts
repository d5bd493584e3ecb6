/** Judges what a run collected. What it says names a secret's kind and where it was made and found, never the secret. */
import { type AskedFor, type Collected, places, secretKinds, type Written } from './collect.ts'
import { createScanner, type Hit } from './scan.ts'

export interface Verdict {
  /** Each is a sentence; none: all is well. */
  faults: string[]
  summary: string
}

/** What nobody told us of is known by its form: tokens of a simulator in another process, keys that a command made. */
const shapes: readonly [RegExp, string][] = [
  [/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/, 'Something in the form of a token'],
  [/\btq_[\w-]{43}\b/, 'Something in the form of an API key'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'A private key'],
]

/** `everything`: the whole suite ran, so that nothing of a kind means that nobody looks any more. */
export function judge({ secrets, asked, written }: Collected, { everything }: { everything: boolean }): Verdict {
  const scan = createScanner(secrets)
  const faults = new Set<string>()
  const unused = new Set(asked)
  for (const record of written) {
    const hits = scan(record.text)
    const carried = askedForIn(record, unused)
    if (carried) unused.delete(carried)
    for (const hit of hits) {
      if (!carried || !isOf(carried, hit)) faults.add(foundSentence(hit, record))
    }
    if (hits.length === 0) for (const sentence of shapesIn(record)) faults.add(sentence)
  }
  for (const { to, askedIn } of unused)
    faults.add(`A mail to ${to} was said to carry a password, but none did (${askedIn}).`)
  if (everything) for (const sentence of missing({ secrets, written })) faults.add(sentence)
  return {
    faults: [...faults],
    summary: summaryOf({ secrets, written }),
  }
}

/** The password that this mail may carry: to the one who asked for it, and once. */
function askedForIn({ place, detail, text }: Written, asked: ReadonlySet<AskedFor>): AskedFor | null {
  if (place !== 'mail') return null
  const fits = ({ to, password }: AskedFor) => to === detail && text.toString().split(password).length === 2
  return [...asked].find(fits) ?? null
}

const isOf = ({ password }: AskedFor, { secret, form }: Hit): boolean =>
  form === 'as it is' && secret.bytes.equals(Buffer.from(password))

const foundSentence = ({ secret, form }: Hit, { place, detail, writtenIn }: Written): string =>
  `A secret (${secret.kind}, made in "${secret.madeIn}") is in a place that must hold none: ${place} ${detail}, ${form}, written in "${writtenIn}".`

function shapesIn({ place, detail, writtenIn, text }: Written): string[] {
  const characters = text.toString('latin1')
  return shapes.flatMap(([shape, name]) =>
    shape.test(characters)
      ? [`${name} is in a place that must hold none: ${place} ${detail}, written in "${writtenIn}".`]
      : [],
  )
}

function missing({ secrets, written }: Pick<Collected, 'secrets' | 'written'>): string[] {
  const made = new Set(secrets.map(({ kind }) => kind))
  const filled = new Set(written.map(({ place }) => place))
  return [
    ...secretKinds.filter((kind) => !made.has(kind)).map((kind) => `The scan is blind: it was told of no ${kind}.`),
    ...places.filter((place) => !filled.has(place)).map((place) => `The scan is blind: it was given no ${place}.`),
  ]
}

function summaryOf({ secrets, written }: Pick<Collected, 'secrets' | 'written'>): string {
  const megabytes = written.reduce((sum, { text }) => sum + text.length, 0) / 1e6
  const kinds = countsOf(secrets.map(({ kind }) => kind))
  const filled = countsOf(written.map(({ place }) => place))
  return `${secrets.length} secrets (${kinds}) in ${written.length} texts of ${megabytes.toFixed(1)} MB (${filled})`
}

const countsOf = (names: readonly string[]): string =>
  Object.entries(Object.groupBy(names, (name) => name))
    .map(([name, all = []]) => `${name}: ${all.length}`)
    .join(', ')
