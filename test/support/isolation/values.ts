/** Values for any argument that the schema has, in pairs: the one to send, and its twin in which nothing of another tenant exists. */
import { type GraphQLInputType, isEnumType, isInputObjectType, isListType, isNonNullType, isScalarType } from 'graphql'
import { roles } from '../../../src/context.ts'
import type { Seeded } from '../seeded.ts'
import { mutation } from './mutations.ts'
import type { Sample } from './samples.ts'

export interface Pair {
  real: unknown
  unreal: unknown
}

export interface Pools {
  own: readonly Sample[]
  foreign: readonly Sample[]
  chance: Seeded
  /** Told each path that a value was made for, e.g. `BlockUserInput.eventId`, and whether it names another tenant's object for certain. */
  made(path: string, isForeignTarget: boolean): void
}

const same = (value: unknown): Pair => ({ real: value, unreal: value })

/** `name` says what the argument is about, as far as its type does not. Undefined leaves an optional argument out. */
export function argumentFor(type: GraphQLInputType, path: string, pools: Pools, inList = false): Pair | undefined {
  const { chance } = pools
  if (isNonNullType(type)) return requiredValue(type.ofType, path, pools, inList, true)
  if (chance.number() < 0.3) return undefined
  return requiredValue(type, path, pools, inList, false)
}

function requiredValue(type: GraphQLInputType, path: string, pools: Pools, inList: boolean, isRequired: boolean): Pair {
  const { chance, made } = pools
  if (isListType(type)) {
    made(path, false)
    const items = Array.from({ length: chance.whole(1, 3) }, () => requiredItem(type.ofType, path, pools))
    return { real: items.map(({ real }) => real), unreal: items.map(({ unreal }) => unreal) }
  }
  if (isInputObjectType(type)) {
    made(path, false)
    const parts = Object.values(type.getFields()).flatMap((field) => {
      const value = argumentFor(field.type, `${type.name}.${field.name}`, pools)
      return value ? [[field.name, value] as const] : []
    })
    return {
      real: Object.fromEntries(parts.map(([name, { real }]) => [name, real])),
      unreal: Object.fromEntries(parts.map(([name, { unreal }]) => [name, unreal])),
    }
  }
  const pair = isEnumType(type) ? same(oneOf(chance, type.getValues()).name) : leaf(type, path, pools)
  made(path, isRequired && !inList && isScalarType(type) && type.name === 'ID' && pair.real !== pair.unreal)
  return pair
}

const requiredItem = (type: GraphQLInputType, path: string, pools: Pools): Pair =>
  requiredValue(isNonNullType(type) ? type.ofType : type, path, pools, true, true)

function leaf(type: GraphQLInputType, path: string, pools: Pools): Pair {
  const { chance } = pools
  switch (String(type)) {
    case 'ID':
      return anId(path, pools)
    case 'String':
      return aText(path, pools)
    case 'JSON':
      return sampleOf(pools, ['record'])
    case 'DateTime':
      return sampleOf(pools, ['time'])
    case 'Int':
      return same(chance.whole(1, 3))
    case 'Boolean':
      return same(chance.number() < 0.5)
    case 'AccessRole':
      return same(oneOf(chance, roles))
    default:
      throw new Error(`Nobody knows yet how to attack an argument of the type ${type}: ${path}`)
  }
}

const idKinds = [
  'SecurityEvent',
  'Subject',
  'RemediationRun',
  'AuditEntry',
  'Tenant',
  'Operator',
  'ApiKey',
  'PrivilegedSession',
]
const cursorKinds = ['events', 'runs', 'audit', 'tenants', 'arrivals']
const named: Record<string, string> = { event: 'SecurityEvent', run: 'RemediationRun', entratenant: 'Tenant' }

/** Most often of the type that the argument's name says: an id of another type is refused by its form. */
function anId(path: string, pools: Pools): Pair {
  const { chance } = pools
  const about = (path.split('.').at(-1) ?? '').toLowerCase().replace(/ids?$/, '')
  const fits = idKinds.filter((kind) => about.endsWith(kind.toLowerCase()) || named[about] === kind)
  const kinds = fits.length > 0 && chance.number() < 0.92 ? fits : idKinds
  const pair = sampleOf(pools, [oneOf(chance, kinds)])
  return chance.number() < 0.2 ? mutated(pair, pools) : pair
}

function aText(path: string, pools: Pools): Pair {
  const { chance } = pools
  if (path.endsWith('after')) {
    const fits = cursorKinds.filter((kind) => path.toLowerCase().includes(kind))
    const kinds = path.startsWith('Subscription.') ? ['arrivals'] : fits
    const pair = sampleOf(pools, [oneOf(chance, kinds.length > 0 && chance.number() < 0.8 ? kinds : cursorKinds)])
    return chance.number() < 0.15 ? mutated(pair, pools) : pair
  }
  if (path.endsWith('Id') && chance.number() < 0.8) return sampleOf(pools, ['directory id'])
  // An id may be sent wherever a text may.
  return sampleOf(pools, chance.number() < 0.1 ? idKinds : ['text'])
}

function mutated({ real, unreal }: Pair, pools: Pools): Pair {
  const other = sampleOf({ ...pools, foreign: pools.own }, idKinds)
  const change = mutation(pools.chance, String(other.real))
  return { real: change(String(real)), unreal: change(String(unreal)) }
}

/** Three of four are another tenant's. */
function sampleOf({ own, foreign, chance }: Pools, kinds: readonly string[]): Pair {
  const from = (pool: readonly Sample[]) => pool.filter(({ kind }) => kinds.includes(kind))
  const [first, second] = chance.number() < 0.75 ? [foreign, own] : [own, foreign]
  const fitting = from(first).length > 0 ? from(first) : from(second)
  const found = fitting.length > 0 ? oneOf(chance, fitting) : undefined
  if (!found) return same('nothing of that kind')
  return own.includes(found) ? same(found.real) : { real: found.real, unreal: found.unreal }
}

export function oneOf<T>(chance: Seeded, choices: readonly T[]): T {
  const [first, ...others] = choices
  if (first === undefined) throw new Error('There is nothing to choose from.')
  return chance.oneOf([first, ...others])
}
