/** `Disable-` and `Remove-TransportRule`. */
import type { TransportRule } from '../../exchange-world.ts'
import type { Tenant } from '../../world.ts'
import { administrators, type Cmdlet } from '../cmdlet.ts'
import type { CmdletName } from '../cmdlet-table.ts'
import { transportRuleNamed } from '../transport-rule-object.ts'

const changing = (name: CmdletName, change: (tenant: Tenant, rule: TransportRule, now: Date) => void): Cmdlet => ({
  name,
  roles: administrators,
  mutates: true,
  properties: {},
  run: ({ engine, tenant, parameters }) => {
    const rule = transportRuleNamed(tenant, String(parameters.Identity))
    change(tenant, rule, engine.now())
    return { value: [], changed: rule.Name }
  },
})

export const disableTransportRule = changing('Disable-TransportRule', (_, rule, now) => {
  if (rule.State === 'Disabled') return
  rule.State = 'Disabled'
  rule.WhenChanged = now.toISOString()
})

export const removeTransportRule = changing('Remove-TransportRule', (tenant, rule) => {
  tenant.transportRules = tenant.transportRules.filter((one) => one !== rule)
})
