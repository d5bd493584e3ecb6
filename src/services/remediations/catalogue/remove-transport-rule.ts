import { z } from 'zod'
import { UpstreamError } from '../../../clients/errors.ts'
import { readTransportRules } from '../../facts/transport-rule.ts'
import { defineRemediation } from '../contract.ts'
import { assessFound, ruleOf, tellsOfRule } from '../found-rule.ts'
import { onEvents } from '../offered.ts'

const kept = z.object({ rule: z.object({ Guid: z.string() }) })

/** A10. Rules B4, B8. By GUID, since names with odd characters are common in attacks. */
export const removeTransportRule = defineRemediation({
  kind: 'REMOVE_TRANSPORT_RULE',
  group: 'REMOVE_TRANSPORT_RULE',
  actsOn: 'TRANSPORT_RULE',
  offeredOn: onEvents('EXTERNAL_MAIL_FORWARDING'),
  needs: ['transportRule'],
  permissions: { application: ['Exchange.ManageAsApp'], exchangeAdministrator: true },
  title: 'Remove transport rule',
  effect: 'Deletes the mail flow rule from the organisation.',
  limits: 'It may take up to half an hour until every server follows. Mail that the rule already sent on stays sent.',
  impact: 'HIGH',
  recommended: false,
  reversible: false,
  howToUndo: null,
  assess: ({ transportRule }) => assessFound(transportRule, ['CANNOT_BE_UNDONE']),
  tells: ({ transportRule }) => tellsOfRule(transportRule),
  calls: ({ transportRule }) => [
    { service: 'EXCHANGE', method: 'Remove-TransportRule', path: ruleOf(transportRule).id },
  ],
  evidence: ({ transportRule }) => ({ rule: ruleOf(transportRule).definition }),
  async apply({ exchange }, { transportRule }) {
    const parameters = { Identity: ruleOf(transportRule).id, Confirm: false }
    try {
      return (await exchange.invoke('Remove-TransportRule', parameters, { repeatable: true })).requestId
    } catch (error) {
      if (error instanceof UpstreamError && error.kind === 'NOT_FOUND') return error.requestId
      throw error
    }
  },
  async confirm({ exchange }, _subject, { evidence }) {
    const guid = kept.parse(evidence).rule.Guid.toLowerCase()
    return !(await readTransportRules(exchange, { fresh: true })).some(({ id }) => id === guid)
  },
  describe: ({ transportRule }) => `Deleted the transport rule "${ruleOf(transportRule).name}"`,
  afterwards: 'Look at who made the rule: only administrators of Exchange can, so an administrator may be compromised.',
})
