/** `Filter` in OPATH: `Name -eq 'x' -and Alias -like 'y*' -or …`, without brackets. */
import type { ExchangeObject } from './cmdlet.ts'
import { invalidArgument } from './errors.ts'

type Test = (object: ExchangeObject) => boolean

const comparison = /^\s*(\w+)\s+-(eq|ne|like|notlike)\s+('(?:[^']|'')*'|\$\w+|[^\s']+)\s*/i
const conjunction = /^-(and|or)\s+/i

/** Only on the properties named. `-and` binds first. `searches`: patterns may begin anywhere. Throws `ExchangeError`. */
export function filterOf(text: string, properties: readonly string[], { searches = false } = {}): Test {
  const alternatives: Test[][] = [[]]
  let rest = text
  for (;;) {
    const [whole, name = '', operator = '', value = ''] = comparison.exec(rest) ?? []
    const property = properties.find((one) => one.toLowerCase() === name.toLowerCase())
    if (whole === undefined || property === undefined) throw invalidArgument('Filter', text)
    alternatives.at(-1)?.push(test(property, operator.toLowerCase(), value, searches))
    rest = rest.slice(whole.length)
    if (rest === '') break
    const [joint, word] = conjunction.exec(rest) ?? []
    if (joint === undefined) throw invalidArgument('Filter', text)
    if (word?.toLowerCase() === 'or') alternatives.push([])
    rest = rest.slice(joint.length)
  }
  return (object) => alternatives.some((all) => all.every((one) => one(object)))
}

function test(property: string, operator: string, written: string, searches: boolean): Test {
  const value = written.startsWith("'") ? written.slice(1, -1).replaceAll("''", "'") : written
  const fits = operator.endsWith('like') ? fitsPattern(value, searches) : equals(value)
  const isNegative = operator.startsWith('n')
  return (object) => fits(object[property]) !== isNegative
}

const textsIn = (value: unknown): string[] => {
  const all = [value].flat().filter((one) => one !== null && one !== undefined && one !== '')
  return all.map((one) => String(one).toLowerCase())
}

function equals(value: string): (found: unknown) => boolean {
  if (value.toLowerCase() === '$null') return (found) => textsIn(found).length === 0
  const wanted = value.replace(/^\$(?=true$|false$)/i, '').toLowerCase()
  return (found) => textsIn(found).includes(wanted)
}

function fitsPattern(value: string, searches: boolean): (found: unknown) => boolean {
  const literal = value.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(`${searches ? '' : '^'}${literal.join('.*')}$`, 'is')
  return (found) => textsIn(found).some((text) => pattern.test(text))
}
