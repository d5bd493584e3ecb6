/** Microsoft's published description of Graph, as far as it is at hand, and what of a call does not agree with it. */
import { existsSync, readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { parse } from 'yaml'

interface Schema {
  $ref?: string
  allOf?: Schema[]
  anyOf?: Schema[]
  type?: string
  items?: Schema
  properties?: Record<string, Schema>
}
interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  schema: Schema
}
type Content = { content?: { 'application/json'?: { schema: Schema } } }
interface Operation {
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: Content & { required?: boolean }
  responses: Record<string, Content & { $ref?: string }>
}
type PathItem = Record<string, Operation> & { parameters?: Operation['parameters'] }
interface Components {
  parameters: Record<string, Parameter>
  responses: Record<string, Content>
  schemas: Record<string, Schema>
}

/** An operation of the description with the parameters of its path. */
export interface DescribedOperation {
  template: string
  parameters: Parameter[]
  operation: Operation
}

export interface GraphDescription {
  /** Path templates and their methods. */
  methods: ReadonlyMap<string, readonly string[]>
  operation(method: string, template: string): DescribedOperation | null
  /** The most literal template that the path, without query, is of. */
  operationFor(method: string, path: string): DescribedOperation | null
  /** Query, headers and body against the operation. `isFollowed`: Graph itself gave this address, query included. */
  problemsOfRequest(of: DescribedOperation, request: DescribedRequest): string[]
  problemsOfAnswer(of: DescribedOperation, answer: { status: number; body: unknown }): string[]
}

export interface DescribedRequest {
  method: string
  query: URLSearchParams
  headers: Readonly<Record<string, string>>
  body: unknown
  isFollowed: boolean
}

const file = new URL('../../../shared/reference/graph-openapi-slice.yaml', import.meta.url)
export const isDescriptionThere = existsSync(file)

/** To be called where tests are skipped, so that nobody takes them for passed. */
export function warnIfNotDescribed(): void {
  if (!isDescriptionThere) console.warn(`SKIPPED: Microsoft's description of Graph is not at ${file.pathname}`)
}

export function graphDescription(): GraphDescription {
  const { paths, components } = parse(readFileSync(file, 'utf8')) as {
    paths: Record<string, PathItem>
    components: Components
  }
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addFormat('base64url', /^[\w-]*=*$/)
  // What stands in a query is text.
  const asText = new Ajv({ strict: false, coerceTypes: true })
  const queries = new WeakMap<Schema, ValidateFunction>()
  function compiledQuery(schema: Schema): ValidateFunction {
    const validate = queries.get(schema) ?? asText.compile({ type: 'object', properties: { value: schema } })
    queries.set(schema, validate)
    return validate
  }
  const templates = Object.keys(paths)
    .map((template) => ({ template, form: formOf(template), placeholders: template.split('{').length }))
    .sort((a, b) => a.placeholders - b.placeholders)

  function operation(method: string, template: string): DescribedOperation | null {
    const item = paths[template]
    const found = item?.[method.toLowerCase()]
    if (!item || !found) return null
    const given = [...(item.parameters ?? []), ...(found.parameters ?? [])]
    const parameters = given.map((one) => ('$ref' in one ? referred(components.parameters, one.$ref) : one))
    return { template, operation: found, parameters }
  }

  // To compile one of them takes longer than to check a hundred calls by it.
  const compiled = new WeakMap<Schema, ValidateFunction>()
  const problems = (schema: Schema, value: unknown): string[] => {
    const validate = compiled.get(schema) ?? ajv.compile({ ...schema, components })
    compiled.set(schema, validate)
    validate(value)
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }

  /** Of the object itself and of what it extends. */
  function propertiesOf(schema: Schema | undefined): Record<string, Schema> {
    if (!schema) return {}
    if (schema.$ref) return propertiesOf(referred(components.schemas, schema.$ref))
    const extended = [...(schema.allOf ?? []), ...(schema.anyOf ?? [])].map(propertiesOf)
    return Object.assign({}, ...extended, schema.properties)
  }

  /** Descriptions are open to what they do not name; a caller is not. */
  function unknownNames(schema: Schema, value: unknown, at = ''): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
    const known = propertiesOf(schema)
    return Object.entries(value).flatMap(([name, inner]) => {
      const described = known[name]
      return described ? unknownNames(described, inner, `${at}/${name}`) : [`${at}/${name} is not described`]
    })
  }

  /** The object that the answer is, or is a list of. */
  function objectOf({ operation: { responses } }: DescribedOperation): Schema | undefined {
    const schema = responses['200']?.content?.['application/json']?.schema
    return schema && (propertiesOf(schema)['value']?.items ?? schema)
  }

  /** A list of a base type holds objects of the types that extend it, which show what is theirs. */
  function selectable(schema: Schema | undefined): Record<string, Schema> {
    const extending = Object.values(components.schemas).filter(({ allOf = [] }) =>
      allOf.some(({ $ref }) => $ref !== undefined && $ref === schema?.$ref),
    )
    return Object.assign({}, ...extending.map(propertiesOf), propertiesOf(schema))
  }

  function queryProblems(of: DescribedOperation, query: URLSearchParams): string[] {
    return [...query].flatMap(([name, value]) => {
      const parameter = of.parameters.find((one) => one.in === 'query' && one.name === name)
      if (!parameter) return [`${name} is not described`]
      const isList = parameter.schema.type === 'array'
      const checked = { value: isList ? value.split(',') : value }
      const validate = compiledQuery(parameter.schema)
      if (!validate(checked)) return [`${name} ${validate.errors?.[0]?.message}`]
      if (name !== '$select') return []
      const known = selectable(objectOf(of))
      return value.split(',').flatMap((one) => (one in known ? [] : [`${name} ${one} is not described`]))
    })
  }

  function headerProblems({ parameters }: DescribedOperation, { query, headers }: DescribedRequest): string[] {
    const level = headers['consistencylevel']
    const described = parameters.some((one) => one.in === 'header' && one.name === 'ConsistencyLevel')
    if (level !== undefined && !described) return ['ConsistencyLevel is not described']
    if (level !== undefined && level !== 'eventual') return [`ConsistencyLevel ${level}`]
    return described && query.has('$count') && level === undefined ? ['$count without ConsistencyLevel'] : []
  }

  function bodyProblems(
    { operation: { requestBody } }: DescribedOperation,
    { method, body }: DescribedRequest,
  ): string[] {
    const schema = requestBody?.content?.['application/json']?.schema
    if (body === null) return requestBody?.required ? ['the body is missing'] : []
    // An action without parameters takes an empty object as it takes no body.
    if (!schema) return method === 'POST' && JSON.stringify(body) === '{}' ? [] : ['a body is not described']
    return [...problems(schema, body), ...unknownNames(schema, body)]
  }

  return {
    methods: new Map(Object.entries(paths).map(([template, item]) => [template, Object.keys(item)])),
    operation,
    operationFor(method, path) {
      const match = templates.find(({ form }) => form.test(path))
      return match ? operation(method, match.template) : null
    },
    problemsOfRequest: (of, request) => [
      ...(request.isFollowed ? [] : queryProblems(of, request.query)),
      ...headerProblems(of, request),
      ...bodyProblems(of, request),
    ],
    problemsOfAnswer({ operation: { responses } }, { status, body }) {
      const found = responses[String(status)] ?? responses[`${Math.floor(status / 100)}XX`]
      if (!found) return [`status ${status} is not described`]
      const response = found.$ref ? referred(components.responses, found.$ref) : found
      const schema = response.content?.['application/json']?.schema
      // A password that the caller made is not sent back: then an accepted reset has no body.
      if (status === 202 && body === null) return []
      if (!schema) return body === null ? [] : ['a body is not described']
      return problems(schema, body)
    },
  }
}

function referred<T>(all: Record<string, T>, reference: string): T {
  const found = all[reference.split('/').at(-1) ?? '']
  if (!found) throw new Error(`The description lacks ${reference}`)
  return found
}

const formOf = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll(/[.$()]/g, '\\$&').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
