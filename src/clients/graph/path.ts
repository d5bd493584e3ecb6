/** Paths of Graph requests: values are checked for their form before a URL is built, because `..` climbs even when encoded. */
import { refusedHere } from '../failures.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const controls = /[\u0000-\u001f\u007f]/

/**
 * `` path`/users/${id}?$filter=mail eq ${literal(mail)}` ``: encodes each value. Throws `UpstreamError` `BAD_REQUEST` for a value
 * that is empty or could leave its segment.
 */
export function path(strings: TemplateStringsArray, ...values: string[]): string {
  let built = strings[0] ?? ''
  values.forEach((value, index) => {
    built += (built.includes('?') ? queryValue(value) : segment(value)) + (strings[index + 1] ?? '')
  })
  return built
}

/** A string in an OData filter: in quotes, inner quotes doubled. For use inside `path`. */
export const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`

function segment(value: string): string {
  const wellFormed =
    value !== '' && value.length <= 512 && value === value.trim() && !controls.test(value) && !/[/\\]|\.\./.test(value)
  if (!wellFormed || value === '.') throw refusedHere('graph', 'A part of a Graph path does not have the form of an id')
  return encodeURIComponent(value)
}

function queryValue(value: string): string {
  if (controls.test(value)) throw refusedHere('graph', 'A value in a Graph query holds control characters')
  return encodeURIComponent(value)
}

const encoded = /^[\w/.~@!$&()*+,;=:%?-]+$/

/** The path as it is sent, percent-encoded. Throws `UpstreamError` `BAD_REQUEST` unless it stays below the version root. */
export function checkedPath(given: string): string {
  const question = given.indexOf('?')
  const resource = question < 0 ? given : given.slice(0, question)
  const query = question < 0 ? '' : given.slice(question)
  const climbs = /(^|\/)(\.|%2e){1,2}(\/|$)|\/\/|\\|%2f|%5c|%00|#/i.test(resource)
  if (!resource.startsWith('/') || climbs || controls.test(given)) {
    throw refusedHere('graph', 'A Graph path does not have the form of one')
  }
  // Most paths are encoded already, and parsing 200 of them for a page is felt.
  if (encoded.test(given) && !given.includes('://')) return given
  const url = new URL(`https://graph.invalid${resource}${query.replaceAll('#', '%23')}`)
  // The SDK takes everything after `https://` for a host of its own, even inside a query.
  return url.pathname + url.search.replaceAll('://', ':%2F%2F')
}
