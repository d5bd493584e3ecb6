import { connect, createServer } from 'node:net'
import { SandboxFault } from './fault.ts'

/** Refuses with a sentence when something listens on a port that the sandbox is going to need. */
export async function checkPorts(ports: { variable: string; port: number | null }[]): Promise<void> {
  const wanted = ports.flatMap(({ variable, port }) => (port === null ? [] : [{ variable, port }]))
  for (const [at, { variable, port }] of wanted.entries()) {
    const other = wanted.slice(0, at).find((earlier) => earlier.port === port)
    if (other)
      throw new SandboxFault(`${other.variable} and ${variable} are both ${port}: set one of them to another port.`)
    const code = await listenOnce(port)
    if (code === 'EADDRINUSE') {
      throw new SandboxFault(
        `Port ${port} is taken by another program: end that program, or set ${variable} to a free port (${variable}=${port < 65_000 ? port + 100 : port - 100} npm run sandbox).`,
      )
    }
    if (code === 'EACCES') {
      throw new SandboxFault(`Port ${port} needs rights that this user lacks: set ${variable} to a port above 1023.`)
    }
    if (code !== null) throw new SandboxFault(`Port ${port} cannot be used (${code}): set ${variable} to another port.`)
  }
}

/** Whether a program on this machine takes connections at the port. */
export function somethingListens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', timeout: 5000 })
  return new Promise<boolean>((done) => {
    socket.once('connect', () => done(true))
    // Only a refusal says that nobody is there; a machine under load may be late.
    socket.once('timeout', () => done(true))
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code !== 'ECONNREFUSED'))
  }).finally(() => socket.destroy())
}

function listenOnce(port: number): Promise<string | null> {
  const server = createServer()
  return new Promise((done) => {
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => done(null)))
  })
}
