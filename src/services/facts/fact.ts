/** A fact is something read from Microsoft 365 about subjects, in batches; a failed read is "unknown", never an empty answer. */

import { UpstreamError } from '../../clients/errors.ts'
import type { MicrosoftSession } from '../../clients/types.ts'

export type Reading<T> = { known: true; value: T } | { known: false; error: UpstreamError }

export const known = <T>(value: T): Reading<T> => ({ known: true, value })

/** What a fact is given: one tenant, one session; `fresh` asks again although the session already knows. */
export interface FactReader {
  session: MicrosoftSession
  tenantId: string
  clientId: string
  fresh: boolean
  /** Object ids of users that our own runs disable, or have just disabled: a read may still show them enabled (B13). */
  disabledByRuns?: ReadonlySet<string>
}

/**
 * For what holds of a whole tenant: requests of some seconds share one reading, plans and runs (`fresh`) read for themselves. The reading
 * itself is always fresh, so that no request hands on what it remembers.
 */
export const sharedReading = <T>(read: (reader: FactReader) => Promise<T>, reader: FactReader): Promise<T> =>
  reader.fresh
    ? read(reader)
    : reader.session.tenant(reader.tenantId).shared(read, () => read({ ...reader, fresh: true }))

/** Turns an upstream failure into "unknown"; a fault of our own code is still thrown. */
export async function reading<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return known(await read())
  } catch (error) {
    if (error instanceof UpstreamError) return { known: false, error }
    throw error
  }
}

/** Graph takes at most 15 values in one `in (…)` filter. */
const filterValuesMax = 15

export interface InFilter {
  values: string[]
  /** Encoded for a URL. */
  filter: string
}

/** `$filter` lists of at most 15 different values. */
export function inFilters(property: string, values: Iterable<string>): InFilter[] {
  const unique = [...new Set(values)]
  const filters: InFilter[] = []
  for (let start = 0; start < unique.length; start += filterValuesMax) {
    const chunk = unique.slice(start, start + filterValuesMax)
    const quoted = chunk.map((value) => `'${value.replaceAll("'", "''")}'`)
    filters.push({ values: chunk, filter: encodeURIComponent(`${property} in (${quoted.join(',')})`) })
  }
  return filters
}
