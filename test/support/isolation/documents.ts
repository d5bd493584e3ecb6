/** Documents that ask each root field of the schema for anything that it can give. */
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  OperationTypeNode,
  parse,
  validate,
} from 'graphql'
import { schema } from '../../../src/schema/index.ts'
import { type Seeded, seeded } from '../seeded.ts'
import { oneOf } from './values.ts'

type Field = GraphQLField<unknown, unknown>

export interface AttackDocument {
  operation: OperationTypeNode
  field: Field
  text: string
  /** Each variable with the argument that it is for, e.g. `Query.node.id`. */
  variables: { name: string; path: string; arg: Field['args'][number] }[]
  /** Fields and arguments that it asks for, e.g. `SecurityEvent.title`, `Query.node(id)`. */
  covers: ReadonlySet<string>
}

export const rootFields: readonly { operation: OperationTypeNode; type: GraphQLObjectType; field: Field }[] =
  Object.values(OperationTypeNode).flatMap((operation) => {
    const type = schema.getRootType(operation)
    return type ? Object.values(type.getFields()).map((field) => ({ operation, type, field })) : []
  })

/** All that a document can name: fields and arguments of outputs, fields of inputs. */
export function everythingIn(): Set<string> {
  const all = new Set<string>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    if (isInputObjectType(type)) for (const { name } of Object.values(type.getFields())) all.add(`${type.name}.${name}`)
    if (!isObjectType(type)) continue
    for (const { name, args } of Object.values(type.getFields())) {
      all.add(`${type.name}.${name}`)
      for (const arg of args) all.add(`${type.name}.${name}(${arg.name})`)
    }
  }
  return all
}

const levelsMax = 8
const triesMax = 50

/** Documents of a root field, the same for the same number; about as many as asked for. */
export function documentsFor({ operation, type, field }: (typeof rootFields)[number], count: number): AttackDocument[] {
  return Array.from({ length: count }, (_, index) => {
    for (let attempt = 0; attempt < triesMax; attempt += 1) {
      const chance = seeded(index * triesMax + attempt + 1)
      const document = aDocument(operation, type, field, chance)
      if (validate(schema, parse(document.text)).length === 0) return document
    }
    throw new Error(`No valid document was found for ${field.name}.`)
  })
}

function aDocument(
  operation: OperationTypeNode,
  type: GraphQLObjectType,
  field: Field,
  chance: Seeded,
): AttackDocument {
  const variables: AttackDocument['variables'] = []
  const covers = new Set<string>()
  const breadth = chance.oneOf([0, 0.25, 0.5])

  function call(owner: string, { name, args, type: output }: Field, level: number): string {
    covers.add(`${owner}.${name}`)
    const given = args.map((arg) => {
      covers.add(`${owner}.${name}(${arg.name})`)
      const variable = `v${variables.length}`
      variables.push({ name: variable, path: `${owner}.${name}.${arg.name}`, arg })
      return `${arg.name}: $${variable}`
    })
    return `${name}${given.length > 0 ? `(${given.join(', ')})` : ''}${selection(output, level)}`
  }

  function selection(output: GraphQLOutputType, level: number): string {
    const named = getNamedType(output)
    if (isLeafType(named)) return ''
    if (isObjectType(named)) return ` { ${fieldsOf(named, level).join(' ')} }`
    const members = isAbstractType(named) ? [...schema.getPossibleTypes(named)] : []
    const some = members.filter(() => chance.number() < (level <= 1 ? 0.6 : 0.3))
    const taken = new Map<string, string>()
    const parts = (some.length > 0 ? some : [oneOf(chance, members)]).map(
      (member) => `... on ${member.name} { ${fieldsOf(member, level, taken).join(' ')} }`,
    )
    return ` { __typename ${parts.join(' ')} }`
  }

  /** `taken`: names of answers beside it, which mean one thing only. */
  function fieldsOf(owner: GraphQLObjectType, level: number, taken = new Map<string, string>()): string[] {
    const fields = Object.values(owner.getFields())
    const leaves = fields.filter(({ type: output }) => isLeafType(getNamedType(output)))
    const deeper = fields.filter((one) => !leaves.includes(one))
    const pick = level < levelsMax ? deeper.filter(() => chance.number() < (level <= 2 ? 0.6 : breadth)) : []
    // Pages are of use only with what they hold.
    const needed = /Connection$|Edge$|Payload$|Key$/.test(owner.name) && level < levelsMax + 2 ? deeper : pick
    const called = [...leaves, ...needed].map((one) => {
      const output = String(one.type)
      const isFree = !taken.has(one.name) || (isLeafType(getNamedType(one.type)) && taken.get(one.name) === output)
      if (isFree) taken.set(one.name, output)
      return `${isFree ? '' : `${owner.name}_${one.name}: `}${call(owner.name, one, level + 1)}`
    })
    return ['__typename', ...called]
  }

  const body = call(type.name, field, 1)
  const declared = variables.map(({ name, arg }) => `$${name}: ${arg.type}`)
  const text = `${operation} Attack${declared.length > 0 ? `(${declared.join(', ')})` : ''} { ${body} }`
  return { operation, field, text, variables, covers }
}
