import { GraphQLError, Kind, type ValueNode } from 'graphql'
import { builder } from './builder.ts'

const dateTime = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

function readDateTime(value: unknown): Date {
  const [, day] = (typeof value === 'string' && dateTime.exec(value)) || []
  const date = day !== undefined && isDay(day) ? new Date(String(value)) : null
  // An offset can lead beyond the years that are written with four digits.
  const year = date?.getUTCFullYear() ?? Number.NaN
  if (date === null || !(year >= 1 && year <= 9999)) {
    throw new GraphQLError('A DateTime is written as 2026-03-14T15:09:26Z (RFC 3339, with a time zone).', {
      extensions: { code: 'BAD_USER_INPUT' },
    })
  }
  return date
}

/** `Date` would take the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

builder.scalarType('DateTime', {
  description: 'A moment in RFC 3339 form. Answers are in UTC: `2026-03-14T15:09:26.535Z`.',
  serialize: (value) => (value instanceof Date ? value.toISOString() : readDateTime(value).toISOString()),
  parseValue: readDateTime,
  parseLiteral: (node) => readDateTime(node.kind === Kind.STRING ? node.value : null),
})

function readLiteral(node: ValueNode, variables: Record<string, unknown> | null | undefined): unknown {
  switch (node.kind) {
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, readLiteral(value, variables)]))
    case Kind.LIST:
      return node.values.map((value) => readLiteral(value, variables))
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value)
    case Kind.NULL:
      return null
    case Kind.VARIABLE:
      return variables?.[node.name.value]
    default:
      return node.value
  }
}

builder.scalarType('JSON', {
  description: 'Any JSON value, as it is: evidence and audit details, whose form depends on what they are about.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: readLiteral,
})
