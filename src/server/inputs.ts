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
  type OperationDefinitionNode,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { badUserInput, tooComplex } from './errors.ts'

const nestingMax = 100
const messageLengthMax = 500

/** The parser calls itself for each bracket: a document of brackets alone would use up the stack. */
export function checkNesting(document: string): void {
  let depth = 0
  for (const [bracket] of document.matchAll(/[[\](){}]/g)) {
    depth += '[({'.includes(bracket) ? 1 : -1
    if (depth > nestingMax) throw tooComplex(`The document has more than ${nestingMax} brackets inside each other.`)
  }
}

/**
 * Refuses variables of a wrong type by their first fault. Whoever counts or runs the operation would tell all faults, each
 * with the whole value: of one request with ten thousand, that is minutes. Throws `BAD_USER_INPUT`.
 */
export function checkTypes(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Record<string, unknown>,
): void {
  const { errors = [] } = getVariableValues(schema, variableDefinitions, variables, { maxErrors: 1 })
  const [first] = errors
  if (first) throw badUserInput(shortened(first.message), [])
}

/** The value stands in the middle of the message. */
const shortened = (message: string): string =>
  message.length <= messageLengthMax
    ? message
    : `${message.slice(0, messageLengthMax / 2)} … ${message.slice(-messageLengthMax / 2)}`

/**
 * Refuses what the executor lets pass: PostgreSQL keeps neither U+0000 nor half a surrogate pair, and no name, key or filter
 * of ours has a use for them. Values of the type JSON may hold anything: they are records of others. Throws `BAD_USER_INPUT`.
 */
export function checkValues(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): void {
  if (!cleanDocuments.has(document)) {
    checkLiterals(schema, document)
    cleanDocuments.add(document)
  }
  for (const { variable, type: node } of operation.variableDefinitions ?? []) {
    const type = typeFromAST(schema, node)
    const name = variable.name.value
    if (isInputType(type)) checkValue(type, variables[name], [name])
  }
}

/** Documents are parsed once and kept, so their literals are looked at once. */
const cleanDocuments = new WeakSet<DocumentNode>()

function checkLiterals(schema: GraphQLSchema, document: DocumentNode): void {
  const typeInfo = new TypeInfo(schema)
  const check = visitWithTypeInfo(typeInfo, {
    StringValue({ value }) {
      const type = typeInfo.getInputType()
      if (type && !isJson(type)) checkText(value, [])
    },
  })
  visit(document, check)
}

function checkValue(type: GraphQLInputType, value: unknown, path: readonly string[]): void {
  if (isNonNullType(type)) checkValue(type.ofType, value, path)
  else if (isListType(type)) {
    const items = Array.isArray(value) ? value : [value]
    for (const [index, item] of items.entries()) checkValue(type.ofType, item, [...path, String(index)])
  } else if (isInputObjectType(type)) {
    for (const [name, part] of Object.entries(value ?? {})) {
      const field = type.getFields()[name]
      if (field) checkValue(field.type, part, [...path, name])
    }
  } else if (typeof value === 'string' && !isJson(type)) checkText(value, path)
}

const isJson = (type: GraphQLInputType): boolean => getNamedType(type).name === 'JSON'

function checkText(text: string, path: readonly string[]): void {
  if (text.isWellFormed() && !text.includes('\0')) return
  const message = 'A text holds a character that cannot be stored: U+0000, or half a surrogate pair.'
  throw badUserInput(message, path)
}
