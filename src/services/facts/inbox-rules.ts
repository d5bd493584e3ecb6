import { z } from 'zod'
import type { ExchangeClient } from '../../clients/types.ts'
import type { SubjectOf } from '../events/types.ts'
import type { FactReader } from './fact.ts'
import { loadEach, orNull } from './mailbox.ts'

/** An inbox rule, hidden ones included; those that Graph shows as read-only, too. */
export interface InboxRuleFact {
  /** `alias\16752869479666417665`: the rule's full identity, as text since it exceeds 64 signed bits. */
  identity: string
  /** The last part of it: an unsigned 64-bit number, as text. */
  id: string
  name: string
  enabled: boolean
  /** As Exchange words it, for people. */
  description: string | null
  /** Everything that Exchange tells of it, enough to make it again. */
  definition: Record<string, unknown>
}

const getInboxRule = z.object({
  Identity: z.string(),
  Name: z.string().nullish(),
  Enabled: z.boolean(),
  Description: z.string().nullish(),
})

/** The service's own rules (reference, section 4.6): left alone. */
export const isServiceRule = (name: string): boolean =>
  name === 'Junk E-Mail Rule' || name.startsWith('Microsoft.Exchange.OOF.')

/** The mailbox's rules without the service's own; null when there is no mailbox. Throws `UpstreamError` for all else. */
export const readInboxRules = async (...args: Parameters<typeof readAllInboxRules>): Promise<InboxRuleFact[] | null> =>
  (await readAllInboxRules(...args))?.filter(({ name }) => !isServiceRule(name)) ?? null

/** Every rule of the mailbox; null when there is no mailbox. Throws `UpstreamError` for all else. */
export async function readAllInboxRules(
  exchange: ExchangeClient,
  mailbox: string,
  options: { fresh: boolean },
): Promise<InboxRuleFact[] | null> {
  const answer = await orNull(() =>
    exchange.invoke('Get-InboxRule', { Mailbox: mailbox, IncludeHidden: true, BypassScopeCheck: true }, options),
  )
  if (!answer) return null
  return answer.value.map((definition) => {
    const rule = getInboxRule.parse(definition)
    return {
      identity: rule.Identity,
      id: rule.Identity.slice(rule.Identity.lastIndexOf('\\') + 1),
      name: rule.Name ?? '',
      enabled: rule.Enabled,
      description: rule.Description ?? null,
      definition,
    }
  })
}

export const loadInboxRules = (reader: FactReader, subjects: readonly SubjectOf<'USER'>[]) =>
  loadEach(reader, subjects, readInboxRules)
