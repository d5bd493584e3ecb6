import { createServer } from 'node:net'

/**
 * For a gateway whose pages must know their own address before it listens. Below the range from which the system hands out ports: tests
 * beside this one get theirs there.
 */
export async function aFreePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((done) => {
      server.once('error', () => done(false))
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
    })
    if (isFree) return port
  }
}
