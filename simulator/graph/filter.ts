/** The part of `$filter` that the directory needs: `eq` and `in`, joined by `and` or by `or`. */
import { badRequest, unsupportedQuery } from './errors.ts'

export interface FilterableProperty {
  type: 'text' | 'boolean'
  operators: readonly ('eq' | 'in')[]
}

export type Filterable = Readonly<Record<string, FilterableProperty>>

export const text: FilterableProperty = { type: 'text', operators: ['eq', 'in'] }
export const exactText: FilterableProperty = { type: 'text', operators: ['eq'] }
export const flag: FilterableProperty = { type: 'boolean', operators: ['eq'] }

interface Clause {
  property: string
  /** Texts in lower case: the directory compares without case. */
  values: ReadonlySet<unknown>
  /** Values as they were given, repeated ones too. */
  count: number
}

export type Filter = (item: object) => boolean

const clausesMax = 15

/** Throws 400: `Request_UnsupportedQuery` for what is not supported, `Request_BadRequest` for wrong types. */
export function parseFilter(source: string, filterable: Filterable): Filter {
  const tokens = tokensOf(source)
  const clauses: Clause[] = []
  let join: string | undefined
  for (;;) {
    clauses.push(clauseOf(tokens, source, filterable))
    const next = tokens.shift()
    if (next === undefined) break
    if (next !== 'and' && next !== 'or') throw invalid(source)
    if (join !== undefined && join !== next)
      throw unsupportedQuery('Complex query on several properties is not supported.')
    join = next
  }

  const count = clauses.reduce((sum, clause) => sum + clause.count, 0)
  const isList = join === 'or' || clauses.some((clause) => clause.count > 1)
  if (isList && count > clausesMax) {
    throw unsupportedQuery(
      `Too many child clauses specified in search filter expression containing 'OR' operators: ${count}. Max allowed: ${clausesMax}.`,
    )
  }
  return (item) =>
    join === 'or' ? clauses.some((clause) => matches(clause, item)) : clauses.every((clause) => matches(clause, item))
}

function tokensOf(source: string): string[] {
  const tokens = source.match(/'(?:[^']|'')*'|[(),]|[^\s(),']+/g) ?? []
  const rest = source.replaceAll(/'(?:[^']|'')*'|[(),]|[^\s(),']+|\s+/g, '')
  if (rest !== '' || tokens.length === 0) throw invalid(source)
  return tokens
}

function clauseOf(tokens: string[], source: string, filterable: Filterable): Clause {
  const [property, operator] = tokens.splice(0, 2)
  if (property === undefined || operator === undefined || property === 'not' || operator === '(') {
    throw unsupportedQuery('Unsupported Query.')
  }
  const known = Object.entries(filterable).find(([name]) => name === property)?.[1]
  if (!known?.operators.some((one) => one === operator)) {
    throw unsupportedQuery(`Unsupported or invalid query filter clause specified for property '${property}'.`)
  }
  if (operator === 'eq') return { property, values: new Set([literalOf(tokens.shift(), known, property)]), count: 1 }
  if (tokens.shift() !== '(') throw invalid(source)
  const values: (string | boolean)[] = []
  for (let separator: string | undefined = ','; separator !== ')'; separator = tokens.shift()) {
    if (separator !== ',') throw invalid(source)
    values.push(literalOf(tokens.shift(), known, property))
  }
  return { property, values: new Set(values), count: values.length }
}

function literalOf(token: string | undefined, { type }: FilterableProperty, property: string): string | boolean {
  if (type === 'boolean' && (token === 'true' || token === 'false')) return token === 'true'
  if (type === 'text' && token?.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'").toLowerCase()
  throw badRequest(`Invalid filter clause: the value of '${property}' is missing or of another type.`)
}

const invalid = (source: string): Error => badRequest(`Invalid filter clause: '${source}'.`)

function matches({ property, values }: Clause, item: object): boolean {
  const actual: unknown = Reflect.get(item, property)
  return values.has(typeof actual === 'string' ? actual.toLowerCase() : actual)
}
