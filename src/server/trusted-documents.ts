/** Documents that a client's developers handed in beforehand, asked for by their hash instead of their text. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations'
import { GraphQLError, Kind, validate } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { z } from 'zod'
import { schema } from '../schema/index.ts'
import type { Caller } from '../services/operators/authenticate.ts'
import { askedForNothing } from './body.ts'
import { badUserInput, untrustedDocument } from './errors.ts'
import { checkMutations, type Limits, parserWithin } from './limits.ts'

export interface TrustedDocuments {
  /** By their SHA-256 in hexadecimal. */
  documents: ReadonlyMap<string, string>
  /** Who may send no others: kinds of operators, and persons, applications and API keys by their ids. */
  onlyFor: ReadonlySet<string>
}

export const noTrustedDocuments: TrustedDocuments = { documents: new Map(), onlyFor: new Set() }

export function trustedDocumentPlugins({ documents, onlyFor }: TrustedDocuments): Plugin[] {
  const bound = new WeakSet<Request>()
  return [
    {
      onRequestParse({ request, serverContext }) {
        const { operator, externalId } = (serverContext as unknown as { caller: Caller }).caller
        if (onlyFor.has(operator.kind) || onlyFor.has(externalId.toLowerCase())) bound.add(request)
      },
    },
    usePersistedOperations({
      allowArbitraryOperations: (request) => !bound.has(request),
      extractPersistedOperationId: idOf,
      getPersistedOperation: (id) => documents.get(id) ?? null,
      customErrors: {
        keyNotFound: () => badUserInput(askedForNothing, []),
        notFound: () =>
          untrustedDocument(
            'PERSISTED_QUERY_NOT_FOUND',
            'This gateway has no trusted document with this id: send the text in "query", or have the manifest of this release of your client added to the gateway.',
          ),
        persistedQueryOnly: () =>
          untrustedDocument(
            'PERSISTED_QUERY_ID_REQUIRED',
            'You may send trusted documents only: leave "query" out and name one by its hash, in "documentId" or in "extensions.persistedQuery.sha256Hash".',
          ),
      },
    }),
  ]
}

/** As the appendix of GraphQL over HTTP has it, or as clients of automatically persisted queries do. */
function idOf(params: GraphQLParams & { documentId?: unknown }, request: Request): string | null {
  const inAddress = request.method === 'GET' ? new URL(request.url).searchParams.get('documentId') : null
  const documentId = params.documentId ?? inAddress ?? params.extensions?.['persistedQuery']?.sha256Hash
  return typeof documentId === 'string' ? hashOfId(documentId) : null
}

const hashOfId = (id: string) => id.replace(/^sha256:/, '').toLowerCase()

const manifest = z.record(z.string(), z.string())

/** Reads a manifest, or all `.json` in a folder. Each document is judged now, so that no release of ours breaks one unseen. */
export function readTrustedDocuments(
  path: string,
  limits: Limits,
): { documents: Map<string, string>; faults: readonly string[] } {
  const documents = new Map<string, string>()
  const faults: string[] = []
  try {
    const files = statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => name.endsWith('.json'))
          .map((name) => join(path, name))
      : [path]
    if (files.length === 0) faults.push(`${path} holds no .json: put the manifests of your clients there.`)
    for (const file of files) {
      const { data } = manifest.safeParse(parseJson(file))
      if (!data) faults.push(`${file} is no manifest: a JSON object of documents by their SHA-256.`)
      for (const [id, text] of Object.entries(data ?? {})) {
        documents.set(hashOfId(id), text)
        faults.push(...faultsOf(id, text, limits).map((fault) => `${file}, document ${id}: ${fault}`))
      }
    }
  } catch (error) {
    faults.push(error instanceof Error ? `${error.message}.` : String(error))
  }
  return { documents, faults: faults.map((fault) => `TRUSTED_DOCUMENTS_PATH: ${fault}`) }
}

function parseJson(file: string): unknown {
  const text = readFileSync(file, 'utf8')
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Under another id than its own a document could be exchanged without anybody seeing it. */
function faultsOf(id: string, text: string, limits: Limits): string[] {
  if (hashOfId(id) !== createHash('sha256').update(text).digest('hex')) {
    return ['its id is not the SHA-256 of its text: let the generator use sha256, and change neither afterwards.']
  }
  try {
    const document = parserWithin(limits)(text)
    for (const definition of document.definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) checkMutations(document, definition, limits.mutationsMax)
    }
    return validate(schema, document).map(({ message }) => message)
  } catch (error) {
    if (error instanceof GraphQLError) return [error.message]
    throw error
  }
}
