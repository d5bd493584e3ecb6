import { isIP, isIPv4 } from 'node:net'

/**
 * A client address in one spelling, or null when the text holds none.
 * Records write `1.2.3.4`, `1.2.3.4:5`, `[v6]:5`, `[v6]`, bare v6, `::ffff:1.2.3.4`, `[TEXT (1.2.3.4)]`, host names and nonsense.
 */
export function canonicalAddress(text: string | undefined): string | null {
  if (text === undefined || text.length > 255) return null
  const candidate = withoutPort(text.trim())
  if (isIP(candidate) === 0) return null
  if (isIPv4(candidate)) return candidate
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(candidate)?.[1]
  if (mapped !== undefined && isIPv4(mapped)) return mapped
  return compressed(candidate)
}

function withoutPort(text: string): string {
  const inParentheses = /^\[?[^()]*\(([^()]+)\)\]?$/.exec(text)?.[1]
  if (inParentheses !== undefined) return inParentheses.trim()
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1]
  if (bracketed !== undefined) return bracketed
  return /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(text)?.[1] ?? text
}

/** The URL parser writes IPv6 as RFC 5952 wants it; a zone (`fe80::1%eth0`) is no part of the address. */
function compressed(address: string): string | null {
  const url = `http://[${address.split('%', 1)[0]}]/`
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null
}
