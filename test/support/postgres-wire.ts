/**
 * A wire between a process and PostgreSQL that knows of the protocol where a request begins and where its answer ends
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html), and so can hold up either, and be cut.
 */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** `about`: what the request says, the tenants of its transaction included. */
export type Crossing = <T>(about: string, what: string, pass: () => Promise<T>) => Promise<T>

export interface PostgresWire {
  /** The database's address through the wire. */
  url: string
  /** Cuts all connections; new ones are refused until `mend`. */
  cut(): void
  /** Nothing gets through any more, not even that a connection ends; new ones are not answered until `mend`. */
  silence(): void
  /** For new connections: those that are silent stay so. */
  mend(): void
  close(): Promise<void>
}

export async function aPostgresWire(databaseUrl: string, cross: Crossing): Promise<PostgresWire> {
  const { hostname, port } = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const silent = new WeakSet<Socket>()
  let state: 'WHOLE' | 'CUT' | 'SILENT' = 'WHOLE'
  const keep = (socket: Socket): void => {
    sockets.add(socket.setNoDelay())
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    if (state === 'CUT') return client.destroy()
    keep(client)
    if (state === 'SILENT') return silent.add(client)
    const upstream = connect(Number(port), hostname)
    keep(upstream)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.once('close', () => {
        if (!silent.has(other)) other.destroy()
      })
    }
    carry(client, upstream, cross)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    state = 'CUT'
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: Object.assign(new URL(databaseUrl), { port: String((server.address() as AddressInfo).port) }).href,
    cut,
    silence() {
      state = 'SILENT'
      for (const socket of sockets) silent.add(socket.removeAllListeners('data').pause())
    },
    mend() {
      state = 'WHOLE'
    },
    close() {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

interface Message {
  type: string
  bytes: Buffer
}

/** Splits what arrives into messages of one byte of type and four of length. */
function reader(): (chunk: Buffer) => Message[] {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const messages: Message[] = []
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const length = rest.readUInt32BE(1) + 1
      messages.push({ type: rest.toString('latin1', 0, 1), bytes: rest.subarray(0, length) })
      rest = rest.subarray(length)
    }
    return messages
  }
}

/** Requests go one by one: those up to a Sync or a simple Query, answered when the server is ready for the next. */
function carry(client: Socket, upstream: Socket, cross: Crossing): void {
  const read = { requests: reader(), answers: reader() }
  const statements = new Map<string, string>()
  let isReady = false
  let tenants = ''
  let request: Message[] = []
  let sent: Promise<unknown> = Promise.resolve()
  let answer: { parts: Buffer[]; ready(whole: Buffer): void } | null = null

  client.on('data', (chunk) => {
    // Before it is ready it talks of passwords.
    if (!isReady) return void upstream.write(chunk)
    for (const message of read.requests(chunk)) {
      request.push(message)
      if (message.type === 'Q' || message.type === 'S') queue(request)
      else if (message.type === 'H' || message.type === 'X') upstream.write(bytesOf(request))
      else continue
      noteStatements(request)
      request = []
    }
  })
  upstream.on('data', (chunk) => {
    const messages = read.answers(chunk)
    if (!isReady) client.write(chunk)
    for (const message of messages) {
      if (answer) {
        answer.parts.push(message.bytes)
        if (message.type === 'Z') {
          const { parts, ready } = answer
          answer = null
          ready(Buffer.concat(parts))
        }
      } else if (isReady) client.write(message.bytes)
      isReady ||= message.type === 'Z'
    }
  })

  function noteStatements(messages: readonly Message[]): void {
    for (const { type, bytes } of messages) {
      if (type !== 'P') continue
      const [name = '', sql = ''] = stringsOf(bytes)
      statements.set(name, sql)
    }
  }

  function queue(messages: readonly Message[]): void {
    noteStatements(messages)
    const sql = messages.map(sqlOf).find((text) => text !== undefined) ?? ''
    const text = bytesOf(messages).toString('latin1')
    const send = () =>
      new Promise<Buffer>((ready) => {
        answer = { parts: [], ready }
        upstream.write(bytesOf(messages))
      })
    sent = sent.then(async () => {
      // What is read of all tenants at once is no run's.
      if (sql.includes('app.tenants')) tenants = sql.includes(',') ? '' : text
      // What the gateway counts meanwhile is no run's either.
      const about = sql.includes('into rate_limit') ? '' : tenants + text
      const whole = await cross(about, `SQL ${shortened(sql)}`, send)
      if (/^(commit|rollback)/i.test(sql)) tenants = ''
      client.write(whole)
    })
  }

  function sqlOf({ type, bytes }: Message): string | undefined {
    if (type === 'Q') return stringsOf(bytes)[0]
    if (type === 'B') return statements.get(stringsOf(bytes)[1] ?? '')
    return undefined
  }
}

const bytesOf = (messages: readonly Message[]): Buffer => Buffer.concat(messages.map(({ bytes }) => bytes))

/** The texts that a message begins with. */
const stringsOf = (bytes: Buffer): string[] => bytes.toString('utf8', 5).split('\0', 2)

/** Without whom it is about. */
const shortened = (sql: string): string =>
  sql
    .replaceAll(/\s+/g, ' ')
    .replaceAll('"', '')
    .replaceAll(/'[0-9a-f-]{36}'/g, "'…'")
    .trim()
    .slice(0, 60)
