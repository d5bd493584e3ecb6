/** What a run of the tests hands to the canary scan: secrets as they come into being, and everything that is written. */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A full run must bring some of each, or the scan has gone blind. */
export const secretKinds = [
  'access token of a caller',
  'access token of ours for Microsoft',
  'id token',
  'refresh token',
  'authorization code',
  'PKCE verifier',
  'client secret',
  'client assertion',
  'temporary password',
  'API key',
  'sealing key',
  'database password',
] as const
export type SecretKind = (typeof secretKinds)[number]

/** The same holds for places. */
export const places = [
  'table',
  'statement',
  'log',
  'trace',
  'output of a process',
  'metrics',
  'mail',
  'answer',
  'request to Microsoft',
] as const
export type Place = (typeof places)[number]

export interface Secret {
  kind: SecretKind
  /** The test in which it was first seen. */
  madeIn: string
  bytes: Buffer
}

/** A mail that may carry this password, once. */
export interface AskedFor {
  to: string
  password: string
  askedIn: string
}

export interface Written {
  place: Place
  /** Which of its kind: a table's name, the recipient of a mail, the path of an answer. */
  detail: string
  writtenIn: string
  text: Buffer
}

export interface Collector {
  secret(kind: SecretKind, value: string | Buffer): void
  written(place: Place, detail: string, text: string): void
  /** `to` asked for this password by mail. */
  mailAskedFor(asked: { to: string; password: string }): void
}

/** Tests make up words such as `token-1`: what is shorter than this, or hardly varied, is no secret. */
const lengthMin = 12
const variedMin = 6

const separator = '\x1e'

/** Every process writes files of its own, at once: whatever ends it, nothing is lost. */
export function collectorIn(folder: () => string, where: () => string): Collector {
  const seen = new Set<string>()
  const append = (file: string, text: string) => appendFileSync(join(folder(), `${file}-${process.pid}`), text)
  return {
    secret(kind, value) {
      const bytes = secretPart(value)
      const base64 = bytes.toString('base64')
      if (bytes.length < lengthMin || new Set(bytes).size < variedMin || seen.has(base64)) return
      seen.add(base64)
      append('secrets', `${JSON.stringify({ kind, madeIn: where(), base64 })}\n`)
    },
    written(place, detail, text) {
      if (text === '') return
      const head = JSON.stringify({ place, detail, writtenIn: where() })
      append('written', `${separator}${head}\n${text.replaceAll(separator, ' ')}`)
    },
    mailAskedFor(asked) {
      append('asked', `${JSON.stringify({ ...asked, askedIn: where() } satisfies AskedFor)}\n`)
    },
  }
}

/** Of a token what follows its claims: header and claims hold nothing secret, and stand elsewhere in part. */
function secretPart(value: string | Buffer): Buffer {
  if (typeof value !== 'string') return value
  const [, signature] = /^eyJ[\w-]+\.[\w-]+\.(.*)$/s.exec(value) ?? []
  return Buffer.from(signature ?? value)
}

export interface Collected {
  secrets: Secret[]
  asked: AskedFor[]
  written: Written[]
}

export function collectedIn(folder: string): Collected {
  const filesOf = (name: string) =>
    readdirSync(folder)
      .filter((file) => file.startsWith(`${name}-`))
      .map((file) => readFileSync(join(folder, file)))
  const linesOf = (name: string) =>
    filesOf(name).flatMap((file) =>
      file
        .toString('utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    )
  const secrets = new Map<string, Secret>()
  for (const { kind, madeIn, base64 } of linesOf('secrets')) {
    if (!secrets.has(base64)) secrets.set(base64, { kind, madeIn, bytes: Buffer.from(base64, 'base64') })
  }
  return { secrets: [...secrets.values()], asked: linesOf('asked'), written: filesOf('written').flatMap(recordsOf) }
}

function recordsOf(file: Buffer): Written[] {
  const records: Written[] = []
  for (let begin = file.indexOf(separator); begin !== -1; ) {
    const next = file.indexOf(separator, begin + 1)
    const record = file.subarray(begin + 1, next === -1 ? undefined : next)
    const headEnd = record.indexOf('\n')
    records.push({ ...JSON.parse(record.toString('utf8', 0, headEnd)), text: record.subarray(headEnd + 1) })
    begin = next
  }
  return records
}
