/** Transport rules of Northwind Traders; some of their names tell nothing, and one stands twice. */

import type { TransportRule } from '../exchange-world.ts'
import { aTransportRule } from '../transport-rules.ts'
import type { Tenant } from '../world.ts'

const rules: Partial<TransportRule>[] = [
  {
    Name: 'Compliance copy',
    BlindCopyTo: ['collector@example.org'],
    SubjectOrBodyContainsWords: ['invoice', 'payment'],
  },
  { Name: '.', SentTo: ['accounts@northwindtraders.com'], RedirectMessageTo: ['d.archive@example.net'] },
  { Name: '', SentToScope: 'NotInOrganization', BlindCopyTo: ['mirror@example.net'] },
  { Name: 'Disclaimer', Comments: 'Agreed with Legal', SentToScope: 'NotInOrganization' },
  { Name: 'Disclaimer', AddToRecipients: ['audit@example.org'] },
  { Name: 'Old archive', State: 'Disabled', CopyTo: ['archive@example.com'] },
]

export function addTransportRules(tenant: Tenant): void {
  tenant.transportRules = rules.map((rule, Priority) =>
    aTransportRule({ ...rule, Priority, CreatedBy: 'Hana', LastModifiedBy: 'Hana' }, tenant.id, String(Priority)),
  )
}
