import { z } from 'zod'
import type { ExchangeClient } from '../../clients/types.ts'
import type { SubjectOf } from '../events/types.ts'
import { type FactReader, known, type Reading, reading } from './fact.ts'
import { findRule, type RuleMatch } from './find-rule.ts'

/** A mail flow rule of the organisation. */
export interface TransportRuleFact {
  /** Its GUID. */
  id: string
  name: string
  /** As Exchange words it, for people. */
  description: string | null
  /** Everything that Exchange tells of it, enough to make it again. */
  definition: Record<string, unknown>
}

/** The transport rule that an event is about, as it is now. */
export type FoundTransportRule = Exclude<RuleMatch<TransportRuleFact>, { outcome: 'GONE' }>

const getTransportRule = z.looseObject({
  Guid: z.string(),
  Name: z.string().nullish(),
  Description: z.string().nullish(),
})

/** All rules of the organisation: there are a few hundred at most. Throws `UpstreamError`. */
export async function readTransportRules(
  exchange: ExchangeClient,
  options: { fresh: boolean },
): Promise<TransportRuleFact[]> {
  const { value } = await exchange.invoke('Get-TransportRule', {}, options)
  return value
    .map((row) => getTransportRule.parse(row))
    .map((row) => ({
      id: row.Guid.toLowerCase(),
      name: row.Name ?? '',
      description: row.Description ?? null,
      definition: row,
    }))
}

/** One read for all. Keys are subject ids; null: neither the rule nor one that could be it is there. */
export async function loadTransportRules(
  { session, tenantId, fresh }: FactReader,
  subjects: readonly SubjectOf<'TRANSPORT_RULE'>[],
): Promise<Map<string, Reading<FoundTransportRule | null>>> {
  if (subjects.length === 0) return new Map()
  const rules = await reading(() => readTransportRules(session.tenant(tenantId).exchange, { fresh }))
  return new Map(
    subjects.map(({ id, attributes: { guid, name, definition } }) => {
      if (!rules.known) return [id, rules]
      const match = findRule({ id: guid, name, definition }, rules.value)
      return [id, known(match.outcome === 'GONE' ? null : match)]
    }),
  )
}
