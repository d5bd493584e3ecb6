import type { Transporter } from 'nodemailer'

export interface Mail {
  to: string
  subject: string
  /** Plain text: nothing to render, nothing to click by accident. */
  text: string
}

export interface MailClient {
  /** Throws when the server did not take the mail; the error holds no text of it. */
  send(mail: Mail): Promise<void>
  close(): void
}

const timeoutMs = 10_000

/** Sends by SMTP. `smtpUrl` as nodemailer reads it, e.g. `smtps://user:password@mail.example.com:465`. */
export function createMailClient({ smtpUrl, from }: { smtpUrl: string; from: string }): MailClient {
  let transport: Promise<Transporter> | null = null
  /** Loaded for the first mail: the first answer of a process does not wait for it. */
  async function open(): Promise<Transporter> {
    const { createTransport } = await import('nodemailer')
    return createTransport({
      url: smtpUrl,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }
  return {
    async send(mail) {
      try {
        transport ??= open()
        await (await transport).sendMail({ from, ...mail })
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
        // The original may quote the message.
        throw new Error(`The mail server did not take the mail (${code}).`)
      }
    },
    close: () => void transport?.then((opened) => opened.close()),
  }
}
