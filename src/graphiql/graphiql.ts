/** GraphiQL from our own origin: a small page, and its files, which never change and are kept by browsers. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { sendJson } from '../server/answers.ts'
import { bootScript } from './boot.ts'

export interface GraphiqlTab {
  title: string
  query: string
  variables: Record<string, unknown>
}

export interface GraphiqlOptions {
  /** Operations to begin with. */
  tabs?: readonly GraphiqlTab[]
  /** In the sandbox only: the page asks for a fresh `Authorization` and sends it where the user wrote none. */
  authorization?: () => Promise<string>
}

export interface Graphiql {
  page(request: IncomingMessage, response: ServerResponse): void
  /** Answers the page's own paths; false for any other. */
  answers(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>
}

const folder = '/graphiql'
/** Read on first use: nine megabytes that most processes never need. */
const files = {
  'graphiql.js': { type: 'text/javascript', read: async () => (await library()).js },
  'graphiql.css': { type: 'text/css', read: async () => (await library()).css },
  'editor-worker.js': { type: 'text/javascript', read: async () => (await library()).editorWorkerService },
  'json-worker.js': { type: 'text/javascript', read: async () => (await library()).jsonWorker },
  'graphql-worker.js': { type: 'text/javascript', read: async () => (await library()).graphqlWorker },
  'boot.js': { type: 'text/javascript', read: async () => bootScript },
} as const
type FileName = keyof typeof files

const library = () => import('@graphql-yoga/render-graphiql/graphiql')

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  // The editor writes its styles into the page.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

export function createGraphiql({ tabs = [], authorization }: GraphiqlOptions, publicUrl: string): Graphiql {
  const version = createHash('sha256').update(bootScript).update(libraryVersion).digest('hex').slice(0, 12)
  const html = pageOf({
    version,
    tabsVersion: versionOf(tabs),
    signedIn: authorization !== undefined,
    tabs: tabs.map(({ title, query, variables }) => ({
      query: `# ${title}\n${query.trim()}\n`,
      variables: JSON.stringify(variables, null, 2),
    })),
  })

  return {
    page(_, response) {
      response.setHeader('content-security-policy', contentSecurityPolicy)
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
    },
    async answers(path, request, response) {
      if (authorization && path === `${folder}/authorization`) {
        await sendAuthorization(authorization, publicUrl, request, response)
        return true
      }
      const event = /^\/events\/([\w-]{1,200})$/.exec(path)?.[1]
      if (event) {
        response.writeHead(303, { location: `/graphql?query=${encodeURIComponent(eventQuery(event))}` }).end()
        return true
      }
      const [, asked, name] = new RegExp(`^${folder}/(\\w+)/([\\w.-]+)$`).exec(path) ?? []
      if (asked !== version || name === undefined || !isFileName(name)) return false
      await sendFile(name, request, response)
      return true
    },
  }
}

const isFileName = (name: string): name is FileName => Object.hasOwn(files, name)

/** The page's files carry it in their addresses, so that an update reaches every browser. */
const libraryVersion = '5.24.1'

/** Where `SecurityEvent.url` leads: the event in GraphiQL. */
const eventQuery = (id: string) => `query Event {
  securityEvent(id: "${id}") {
    title
    severity
    occurredAt
    description
    tenant { name }
    availableRemediations { kind title recommended viewerCan }
    greyedOutReasons { kind code message }
  }
}
`

/** Another site must not get at the token by a name that resolves to this address (DNS rebinding), nor any script but our page's. */
async function sendAuthorization(
  authorization: () => Promise<string>,
  publicUrl: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const port = new URL(publicUrl).port
  const known = [new URL(publicUrl).host, `127.0.0.1:${port}`, `localhost:${port}`]
  if (!known.includes(request.headers.host ?? '') || request.headers['sec-fetch-site'] !== 'same-origin') {
    return sendJson(response, 403, { error: 'Only the GraphiQL page of this sandbox may ask.' })
  }
  sendJson(response, 200, { authorization: await authorization() })
}

const compressed = new Map<string, Promise<Buffer>>()

/** Compressed once in the life of the process. */
async function sendFile(name: FileName, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : null
  const key = `${encoding} ${name}`
  const body = compressed.get(key) ?? compress(name, encoding)
  compressed.set(key, body)
  const bytes = await body
  response.writeHead(200, {
    'content-type': `${files[name].type}; charset=utf-8`,
    'content-length': bytes.length,
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
    ...(encoding ? { 'content-encoding': encoding } : {}),
  })
  response.end(bytes)
}

async function compress(name: FileName, encoding: 'br' | 'gzip' | null): Promise<Buffer> {
  const plain = Buffer.from(await files[name].read())
  if (encoding === 'br') return promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return encoding === 'gzip' ? promisify(gzip)(plain) : plain
}

/** Changes with the operations and what they name, not with each start: a key is made anew every time. */
function versionOf(tabs: readonly GraphiqlTab[]): string {
  const text = JSON.stringify(tabs, (name, value) => (name === 'idempotencyKey' ? undefined : value))
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** GraphiQL's animation moves a tab from under the pointer that presses it, so that no click follows. */
const style = '.graphiql-tab { transform: none !important }'

function pageOf(settings: {
  version: string
  tabsVersion: string
  signedIn: boolean
  tabs: { query: string; variables: string }[]
}): string {
  const at = (name: FileName) => `${folder}/${settings.version}/${name}`
  const data = JSON.stringify({
    tabs: settings.tabs,
    tabsVersion: settings.tabsVersion,
    authorizationUrl: settings.signedIn ? `${folder}/authorization` : null,
    workers: {
      editorWorkerService: at('editor-worker.js'),
      json: at('json-worker.js'),
      graphql: at('graphql-worker.js'),
    },
  }).replaceAll('<', '\\u003c')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Tourniquet</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${at('graphiql.css')}">
<style>${style}</style>
</head>
<body id="body" class="no-focus-outline">
<noscript>This page needs JavaScript.</noscript>
<div id="root"></div>
<script type="application/json" id="settings">${data}</script>
<script src="${at('graphiql.js')}"></script>
<script src="${at('boot.js')}"></script>
</body>
</html>
`
}
