/** Transport rules to put into a tenant. */

import type { TransportRule } from './exchange-world.ts'
import { guid } from './ids.ts'

/** An enabled rule that does nothing yet. The GUID follows from the words: give different ones to rules of one name. */
export function aTransportRule(given: Partial<TransportRule> = {}, ...words: string[]): TransportRule {
  const Name = given.Name ?? 'A transport rule'
  return {
    Guid: guid(...words, Name, 'transportRule'),
    Name,
    State: 'Enabled',
    Mode: 'Enforce',
    Priority: 0,
    Comments: null,
    CreatedBy: 'Administrator',
    LastModifiedBy: 'Administrator',
    WhenChanged: '2026-01-12T09:00:00.0000000Z',
    RuleErrorAction: 'Ignore',
    SenderAddressLocation: 'Header',
    StopRuleProcessing: false,
    ...given,
  }
}
