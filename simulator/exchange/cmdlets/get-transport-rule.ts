import { textOf } from '../arguments.ts'
import { type Cmdlet, configurationReaders } from '../cmdlet.ts'
import { filterOf } from '../filter.ts'
import { transportRuleNamed, transportRuleObject, transportRuleProperties } from '../transport-rule-object.ts'

export const getTransportRule: Cmdlet = {
  name: 'Get-TransportRule',
  roles: configurationReaders,
  mutates: false,
  properties: transportRuleProperties,
  run: ({ tenant, parameters }) => {
    const { State: state, ExcludeConditionActionDetails: excludesDetails } = parameters
    const identity = textOf(parameters.Identity)
    const filter = textOf(parameters.Filter)
    const fits = filter === null ? () => true : filterOf(filter, ['Description'], { searches: true })
    // Without an identity the whole tenant comes: a trap for careless callers.
    const found = identity === null ? tenant.transportRules : [transportRuleNamed(tenant, identity)]
    return {
      value: found
        .filter(({ State }) => typeof state !== 'string' || State === state)
        .filter((rule) => fits(transportRuleObject(tenant, rule, true)))
        .toSorted((one, other) => one.Priority - other.Priority)
        .map((rule) => transportRuleObject(tenant, rule, excludesDetails !== true)),
    }
  },
}
