/** A mail server that delivers to nobody: what it takes is in the world, for tests and for `GET /control/state`. */
import type { AddressInfo } from 'node:net'
import { type AddressObject, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import type { SimulatorEngine } from './engine.ts'
import type { Mail } from './world.ts'

export interface MailSink {
  /** `smtp://127.0.0.1:2525`; null while it does not listen. */
  readonly url: string | null
  /** Oldest first. */
  mails(): readonly Mail[]
  /** On loopback; port 0, the default, is any free one. */
  listen(port?: number): Promise<{ url: string; port: number }>
  close(): Promise<void>
}

const host = '127.0.0.1'
const sizeMax = 1024 * 1024

export interface MailSinkOptions {
  onMail?: (mail: Mail) => void
  /** Every mail passes through it. */
  around?: (mailTo: readonly string[], effect: () => Promise<void>) => Promise<void>
}

export function createMailSink(engine: SimulatorEngine, options: MailSinkOptions = {}): MailSink {
  const { onMail, around = (_mailTo, effect) => effect() } = options
  let server: SMTPServer | null = null
  let url: string | null = null

  const refuses = (address: string): boolean =>
    (engine.world.switches?.refusedRecipients ?? []).some(
      (refused) => refused === '*' || refused.toLowerCase() === address.toLowerCase(),
    )

  const listen: MailSink['listen'] = (port = 0) =>
    new Promise((resolve, reject) => {
      const made = new SMTPServer({
        authOptional: true,
        disabledCommands: ['AUTH', 'STARTTLS'],
        disableReverseLookup: true,
        size: sizeMax,
        // Clients keep connections for the next mail: they do not hold up an end.
        closeTimeout: 100,
        onRcptTo: ({ address }, _session, done) => done(refuses(address) ? unavailable(address) : null),
        onData: (stream, { envelope }, done) => {
          const sender = envelope.mailFrom === false ? '' : envelope.mailFrom.address
          simpleParser(stream)
            .then(async (message) => {
              const mail: Mail = {
                from: textOf(message.from) || sender,
                to: envelope.rcptTo.map(({ address }) => address),
                subject: message.subject ?? '',
                text: message.text ?? '',
                html: message.html || null,
                at: engine.now().toISOString(),
              }
              await around(mail.to, async () => {
                engine.world.mails.push(mail)
                onMail?.(mail)
                engine.changed('')
              })
              done()
            })
            .catch(done)
        },
      })
      made.server.once('error', reject)
      made.listen(port, host, () => {
        // A client that hangs up is no news.
        made.on('error', () => undefined)
        const { port: chosen } = made.server.address() as AddressInfo
        server = made
        url = `smtp://${host}:${chosen}`
        resolve({ url, port: chosen })
      })
    })

  return {
    get url() {
      return url
    },
    mails: () => engine.world.mails,
    listen,
    close: () =>
      new Promise((resolve) => {
        const open = server
        server = null
        url = null
        if (open) open.close(() => resolve())
        else resolve()
      }),
  }
}

const textOf = (from: AddressObject | undefined): string => from?.value[0]?.address ?? ''

const unavailable = (address: string): Error =>
  Object.assign(new Error(`5.1.1 <${address}>: the simulator was asked to refuse this recipient`), {
    responseCode: 550,
  })
