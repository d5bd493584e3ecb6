/** What an operation costs of the rate limits, and whose. */
import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
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
import { decodeId } from '../resolvers/global-ids.ts'
import type { Cost } from './rates.ts'

/** Fields, lists multiplied by their page size, that a read is counted once for. */
const fieldsPerRead = 1_000
/** Audit records that a write is counted once for. */
const recordsPerWrite = 100

export interface Asked {
  schema: GraphQLSchema
  document: DocumentNode
  operation: OperationDefinitionNode
  variables: Record<string, unknown>
  /** Fields asked for, lists multiplied by their page size. */
  complexity: number
}

export function costOf({ schema, document, operation, variables, complexity }: Asked): Cost {
  const isWrite = operation.operation === 'mutation'
  const tenantIds = new Set(tenantsOfLiterals(schema, document))
  let records = 0
  for (const { variable, type: node } of operation.variableDefinitions ?? []) {
    const type = typeFromAST(schema, node)
    if (!isInputType(type)) continue
    records += collect(type, variables[variable.name.value], tenantIds)
  }
  const weight = isWrite
    ? Math.max(1, operation.selectionSet.selections.length) + Math.floor(records / recordsPerWrite)
    : 1 + Math.floor(complexity / fieldsPerRead)
  return { isWrite, weight, tenantIds: [...tenantIds] }
}

/** Documents are parsed once and kept. */
const known = new WeakMap<DocumentNode, ReadonlySet<string>>()

function tenantsOfLiterals(schema: GraphQLSchema, document: DocumentNode): ReadonlySet<string> {
  const before = known.get(document)
  if (before) return before
  const found = new Set<string>()
  const typeInfo = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      StringValue({ value }) {
        const type = typeInfo.getInputType()
        if (type) collect(getNamedType(type), value, found)
      },
    }),
  )
  known.set(document, found)
  return found
}

/** Adds the tenants that ids and audit records in a value name. Answers how many records it holds. */
function collect(type: GraphQLInputType, value: unknown, found: Set<string>): number {
  if (value === null || value === undefined) return 0
  if (isNonNullType(type)) return collect(type.ofType, value, found)
  if (isListType(type)) {
    let records = 0
    for (const item of Array.isArray(value) ? value : [value]) records += collect(type.ofType, item, found)
    return records
  }
  if (isInputObjectType(type)) {
    let records = 0
    const fields = type.getFields()
    for (const [name, part] of Object.entries(value)) {
      const field = fields[name]
      if (field) records += collect(field.type, part, found)
    }
    return records
  }
  if (type.name === 'JSON') {
    add(found, (value as { OrganizationId?: unknown }).OrganizationId)
    return 1
  }
  if (type.name === 'ID') add(found, value)
  return 0
}

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** A tenant may be named by its id in Entra, too. */
function add(found: Set<string>, id: unknown): void {
  if (typeof id !== 'string') return
  const tenantId = guid.test(id) ? id.toLowerCase() : decodeId(id)?.tenantId
  if (tenantId) found.add(tenantId)
}
