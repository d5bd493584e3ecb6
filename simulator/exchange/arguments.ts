/** Holds the parameters of a call against the table of cmdlets. */
import { type CmdletName, commonParameters, type ParameterType, shapeOf } from './cmdlet-table.ts'
import { invalidArgument, missingParameter, unknownParameter, wrongType } from './errors.ts'
import { isObject } from './json.ts'

/** By the names and spellings that the table declares. Throws `ExchangeError`. */
export function argumentsOf(cmdlet: CmdletName, given: unknown): Record<string, unknown> {
  if (!isObject(given)) throw wrongType('Parameters')
  const { parameters, required = [] } = shapeOf(cmdlet)
  const known = Object.entries({ ...commonParameters, ...parameters })
  const taken = Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const [declared, type] = known.find(([one]) => one.toLowerCase() === name.toLowerCase()) ?? []
      if (declared === undefined || type === undefined) throw unknownParameter(cmdlet, name)
      return [declared, value === null ? null : argument(declared, type, value)]
    }),
  )
  for (const name of required) if (isEmpty(taken[name])) throw missingParameter(cmdlet, name)
  return taken
}

/** A text that is given and not empty. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

function argument(name: string, type: ParameterType, value: unknown): unknown {
  if (type === 'texts') return texts(name, value)
  if (type === 'text') {
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    throw wrongType(name)
  }
  if (typeof type === 'string') {
    if (typeof value === type) return value
    throw wrongType(name)
  }
  if ('someOf' in type) return texts(name, value).map((one) => oneOf(name, type.someOf, one))
  if (typeof value !== 'string') throw wrongType(name)
  return oneOf(name, type.oneOf, value)
}

function texts(name: string, value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (!list.every((item) => typeof item === 'string')) throw wrongType(name)
  return list
}

function oneOf(name: string, values: readonly string[], given: string): string {
  const value = values.find((one) => one.toLowerCase() === given.toLowerCase())
  if (value === undefined) throw invalidArgument(name, given)
  return value
}
