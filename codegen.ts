import type { CodegenConfig } from '@graphql-codegen/cli'

/** Typed operations of the examples, for the tests and for whoever wants a typed client. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'examples/*.graphql',
  generates: {
    'examples/generated/operations.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        enumType: 'string-literal',
        useTypeImports: true,
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown', AccessRole: 'string' },
        defaultScalarType: 'unknown',
        dedupeFragments: true,
      },
    },
  },
}

export default config
