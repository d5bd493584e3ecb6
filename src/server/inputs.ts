/** What no document and no variable may hold, whatever field it is for. Judged before anything runs. */
import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getVariableValues,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  typeFromAST,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { badUserInput } from './errors.ts'

/** Of a list whose argument, or field of an input, does not say otherwise (`atMost`). */
const itemsMaxDefault = 1_000

interface Declared {
  name: string
  extensions: { itemsMax?: unknown }
}
const itemsMaxOf = ({ extensions: { itemsMax } }: Declared): number =>
  typeof itemsMax === 'number' ? itemsMax : itemsMaxDefault

/** Where an operation passes a variable on as a whole. */
type Uses = ReadonlyMap<string, readonly Declared[]>

/**
 * Refuses lists that are too long, variables of a wrong type, and texts that cannot be stored, by their first fault. The
 * lengths come first: nothing else is done item by item before. Throws `BAD_USER_INPUT`.
 */
export function checkInputs(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
  { hideSuggestions }: { hideSuggestions: boolean },
): void {
  const uses = usesOf(schema, document)
  for (const { variable } of operation.variableDefinitions ?? []) {
    const { value: name } = variable.name
    for (const declared of uses.get(name) ?? []) checkLength(declared, variables[name], [name])
  }
  checkEach(schema, operation, variables, (type, value, path) => checkLengths(type, value, path))
  checkTypes(schema, operation, variables, hideSuggestions)
  checkEach(schema, operation, variables, (type, value, path) => checkTexts(type, value, path))
}

function checkEach(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
  check: (type: GraphQLInputType, value: unknown, path: readonly string[]) => void,
): void {
  for (const { variable, type: node } of variableDefinitions) {
    const type = typeFromAST(schema, node)
    const { value: name } = variable.name
    if (isInputType(type)) check(type, variables[name], [name])
  }
}

/**
 * Whoever counts or runs the operation would tell all faults, each with the whole value: of one request with ten thousand,
 * that is minutes.
 */
function checkTypes(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
  hideSuggestions: boolean,
): void {
  const { errors = [] } = getVariableValues(schema, variableDefinitions, variables, { maxErrors: 1, hideSuggestions })
  const [first] = errors
  if (first) throw badUserInput(first.message, [])
}

/** Documents are parsed once and kept, so their literals are looked at once. */
const looked = new WeakMap<DocumentNode, Uses>()

function usesOf(schema: GraphQLSchema, document: DocumentNode): Uses {
  const known = looked.get(document)
  if (known) return known
  const uses = lookAt(schema, document)
  looked.set(document, uses)
  return uses
}

/** Checks the literals of a document, and says where its variables go. */
function lookAt(schema: GraphQLSchema, document: DocumentNode): Uses {
  const uses = new Map<string, Declared[]>()
  const typeInfo = new TypeInfo(schema)
  function pass(declared: Declared | null | undefined, value: ValueNode): void {
    if (!declared) return
    if (value.kind === Kind.LIST) checkLength(declared, value.values, [])
    if (value.kind !== Kind.VARIABLE) return
    const { value: name } = value.name
    uses.set(name, [...(uses.get(name) ?? []), declared])
  }
  const look = visitWithTypeInfo(typeInfo, {
    Argument: ({ value }) => pass(typeInfo.getArgument(), value),
    ObjectField({ name, value }) {
      const parent = getNamedType(typeInfo.getParentInputType())
      pass(isInputObjectType(parent) ? parent.getFields()[name.value] : null, value)
    },
    StringValue({ value }) {
      const type = typeInfo.getInputType()
      if (type && !isJson(type)) checkText(value, [])
    },
    VariableDefinition: ({ defaultValue }) => {
      if (defaultValue?.kind === Kind.LIST) checkLength(anyList, defaultValue.values, [])
    },
  })
  visit(document, look)
  return uses
}

const anyList: Declared = { name: 'default value', extensions: {} }

function checkLength(declared: Declared, value: unknown, path: readonly string[]): void {
  const itemsMax = itemsMaxOf(declared)
  if (!Array.isArray(value) || value.length <= itemsMax) return
  const message = `"${declared.name}" has ${value.length} items, at most ${itemsMax} are allowed: ask in several requests.`
  throw badUserInput(message, path.length > 0 ? path : [declared.name])
}

/** Of lists inside a variable; the variable's types are not checked yet. */
function checkLengths(type: GraphQLInputType, value: unknown, path: readonly string[]): void {
  if (isNonNullType(type)) checkLengths(type.ofType, value, path)
  else if (isListType(type)) {
    if (!isInputObjectType(getNamedType(type)) || !Array.isArray(value)) return
    for (const [index, item] of value.entries()) checkLengths(type.ofType, item, [...path, String(index)])
  } else if (isInputObjectType(type) && typeof value === 'object' && value !== null) {
    const fields = Object.values(type.getFields())
    const { length: count } = Object.keys(value)
    if (count > fields.length) {
      throw badUserInput(`${count} fields are given, ${type.name} has only ${fields.length}: look them up.`, path)
    }
    for (const field of fields) {
      const part: unknown = Reflect.get(value, field.name)
      checkLength(field, part, [...path, field.name])
      checkLengths(field.type, part, [...path, field.name])
    }
  }
}

/**
 * Refuses what the executor lets pass: PostgreSQL keeps neither U+0000 nor half a surrogate pair, and no name, key or filter
 * of ours has a use for them. Values of the type JSON may hold anything: they are records of others.
 */
function checkTexts(type: GraphQLInputType, value: unknown, path: readonly string[]): void {
  if (isNonNullType(type)) checkTexts(type.ofType, value, path)
  else if (isListType(type)) {
    const items = Array.isArray(value) ? value : [value]
    for (const [index, item] of items.entries()) checkTexts(type.ofType, item, [...path, String(index)])
  } else if (isInputObjectType(type)) {
    for (const [name, part] of Object.entries(value ?? {})) {
      const field = type.getFields()[name]
      if (field) checkTexts(field.type, part, [...path, name])
    }
  } else if (typeof value === 'string' && !isJson(type)) checkText(value, path)
}

const isJson = (type: GraphQLInputType): boolean => getNamedType(type).name === 'JSON'

function checkText(text: string, path: readonly string[]): void {
  if (text.isWellFormed() && !text.includes('\0')) return
  const message = 'A text holds a character that cannot be stored: U+0000, or half a surrogate pair.'
  throw badUserInput(message, path)
}
