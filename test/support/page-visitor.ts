/** Visits our pages as a browser without a window: keeps cookies, follows no redirect by itself, presses the button of a page. */
import type { TestGateway } from './gateway.ts'

export interface Shown {
  status: number
  text: string
  headers: Headers
  /** Where a redirect leads. */
  location: URL | null
}

export interface PageVisitor {
  get(url: string | URL): Promise<Shown>
  /** Submits the only form of a page of ours. */
  press(url: string | URL, headers?: Record<string, string>): Promise<Shown>
  cookies: Map<string, string>
}

/** Pages of `publicUrl` are asked from the gateway's port. */
export function aPageVisitor(gateway: TestGateway, publicUrl: string): PageVisitor {
  const cookies = new Map<string, string>()

  async function send(url: string | URL, init: RequestInit): Promise<Shown> {
    const { pathname, search } = new URL(url, publicUrl)
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(new URL(`${pathname}${search}`, gateway.url), {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, ...(cookie ? { cookie } : {}) },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    return {
      status: answer.status,
      text: await answer.text(),
      headers: answer.headers,
      location: location === null ? null : new URL(location),
    }
  }

  return {
    cookies,
    get: (url) => send(url, { method: 'GET' }),
    press: (url, headers = { 'sec-fetch-site': 'same-origin' }) => send(url, { method: 'POST', headers }),
  }
}
