/** How large a document is once its fragments are spread: counted in one pass over it, before it is validated. */
import {
  type ConstDirectiveNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import { invalidDocument, tooComplex } from './errors.ts'

export interface FormLimits {
  /** Fields inside each other. */
  depthMax: number
  aliasesMax: number
  directivesMax: number
  /** Fields that an operation begins with. */
  rootFieldsMax: number
  /** Fields of all operations, as often as fragments repeat them. */
  fieldsMax: number
  fragmentsMax: number
  /** Fields of one name at one place are compared pair by pair, with their arguments, to see whether they are the same. */
  comparisonsMax: number
}

/** Of a selection, with all that it spreads. */
interface Size {
  depth: number
  introspectionDepth: number
  /** Fields at its own level. */
  top: number
  fields: number
  aliases: number
  directives: number
}

/** What graphql-js itself asks for is 14 deep. */
const introspectionDepthMax = 16
export const isIntrospection = ({ name }: FieldNode) => name.value === '__schema' || name.value === '__type'

type Spreading = { selectionSet: SelectionSetNode; directives?: readonly (DirectiveNode | ConstDirectiveNode)[] }

/** Throws `QUERY_TOO_COMPLEX`, and `GRAPHQL_VALIDATION_FAILED` for fragments in circles, of which nothing can be counted. */
export function checkForm(document: DocumentNode, limits: FormLimits): void {
  const operations: OperationDefinitionNode[] = []
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  refuseMore('fragments', fragments.size, limits.fragmentsMax)

  const sizes = new Map<string, Size>()
  const open = new Set<string>()

  function sizeOf({ selectionSet, directives = [] }: Spreading): Size {
    const size: Size = {
      depth: 0,
      introspectionDepth: 0,
      top: 0,
      fields: 0,
      aliases: 0,
      directives: directives.length,
    }
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) add(size, sizeOfField(selection))
      else if (selection.kind === Kind.INLINE_FRAGMENT) add(size, sizeOf(selection))
      else {
        size.directives += selection.directives?.length ?? 0
        add(size, sizeOfFragment(selection.name.value))
      }
    }
    return size
  }

  function sizeOfField(field: FieldNode): Size {
    const { selectionSet, directives = [] } = field
    const within = selectionSet ? sizeOf({ selectionSet, directives }) : { ...nothing, directives: directives.length }
    const aliases = within.aliases + (field.alias ? 1 : 0)
    const own = { ...within, top: 1, fields: within.fields + 1, aliases }
    if (!isIntrospection(field)) return { ...own, depth: within.depth + 1 }
    // Without aliases the same field is answered once, however often it is asked for.
    if (aliases > 0) throw tooComplex('Introspection takes no aliases: ask for each of its fields once.')
    return { ...own, depth: 0, introspectionDepth: within.depth + 1 }
  }

  function sizeOfFragment(name: string): Size {
    const fragment = fragments.get(name)
    const known = sizes.get(name)
    if (known || !fragment) return known ?? nothing
    if (open.has(name)) throw invalidDocument(`Cannot spread fragment "${name}" within itself.`)
    open.add(name)
    const size = sizeOf(fragment)
    open.delete(name)
    sizes.set(name, size)
    return size
  }

  let fields = 0
  for (const operation of operations) {
    const size = sizeOf(operation)
    fields += size.fields
    refuseMore('levels', size.depth, limits.depthMax)
    refuseMore('levels of introspection', size.introspectionDepth, introspectionDepthMax)
    refuseMore('fields to begin with', size.top, limits.rootFieldsMax)
    refuseMore('aliases', size.aliases, limits.aliasesMax)
    refuseMore('directives', size.directives + directivesOfVariables(operation), limits.directivesMax)
  }
  const unused = [...fragments.values()].filter(({ name }) => !sizes.has(name.value))
  for (const { name } of unused) fields += sizeOfFragment(name.value).fields
  refuseMore('fields', fields, limits.fieldsMax)
  let comparisons = 0
  for (const { selectionSet } of [...operations, ...unused]) comparisons += comparisonsIn([selectionSet], fragments)
  refuseMore('comparisons of fields of the same name', comparisons, limits.comparisonsMax)
}

const nothing: Size = { depth: 0, introspectionDepth: 0, top: 0, fields: 0, aliases: 0, directives: 0 }

function add(size: Size, part: Size): void {
  size.depth = Math.max(size.depth, part.depth)
  size.introspectionDepth = Math.max(size.introspectionDepth, part.introspectionDepth)
  size.top += part.top
  size.fields += part.fields
  size.aliases += part.aliases
  size.directives += part.directives
}

function refuseMore(what: string, count: number, max: number): void {
  if (count > max) throw tooComplex(`The document has more than ${max} ${what}: ask for less at once.`)
}

const directivesOfVariables = ({ variableDefinitions = [] }: OperationDefinitionNode): number =>
  variableDefinitions.reduce((sum, { directives = [] }) => sum + directives.length, 0)

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/**
 * How often the validator compares two fields or fragments, at most: those that meet at one place, once more for each inline
 * fragment around them.
 */
function comparisonsIn(sets: readonly SelectionSetNode[], fragments: Fragments): number {
  const { fields, spread, inlineDepth } = meeting(sets, fragments)
  let own = pairs(spread.size)
  let within = 0
  for (const same of fields.values()) {
    own += pairs(same.length) + (same.length - 1) * same.reduce((sum, field) => sum + weightOf(field), 0)
    const selected = same.flatMap(({ selectionSet }) => selectionSet ?? [])
    if (selected.length > 0) within += comparisonsIn(selected, fragments)
  }
  return own * (1 + inlineDepth) + within
}

const pairs = (count: number) => (count * (count - 1)) / 2

/** The fields at one place by the name that they answer under. There must be no fragments in circles. */
export const fieldsByName = (set: SelectionSetNode, fragments: Fragments): Map<string, FieldNode[]> =>
  meeting([set], fragments).fields

function meeting(sets: readonly SelectionSetNode[], fragments: Fragments) {
  const fields = new Map<string, FieldNode[]>()
  const spread = new Set<string>()
  let inlineDepth = 0
  function collect({ selections }: SelectionSetNode, depth: number): void {
    inlineDepth = Math.max(inlineDepth, depth)
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value
        const same = fields.get(name)
        if (same) same.push(selection)
        else fields.set(name, [selection])
      } else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, depth + 1)
      else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment) collect(fragment.selectionSet, depth)
      }
    }
  }
  for (const set of sets) collect(set, 0)
  return { fields, spread, inlineDepth }
}

/** Arguments are compared as text. */
const weightOf = ({ arguments: given = [] }: FieldNode): number =>
  given.reduce((sum, { value }) => sum + nodesIn(value), 0)

function nodesIn(value: ValueNode): number {
  const parts =
    value.kind === Kind.LIST
      ? value.values
      : value.kind === Kind.OBJECT
        ? value.fields.map(({ value: part }) => part)
        : []
  return parts.reduce((sum, part) => sum + nodesIn(part), 1)
}
