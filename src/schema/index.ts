/** The whole schema: each file adds its part when it is imported. */
import './scalars.ts'
import './access-role.ts'
import './node.ts'
import './viewer.ts'
import './tenant.ts'
import './subject.ts'
import './security-event.ts'
import './plan-remediation.ts'
import './audit.ts'
import './block-user.ts'
import './removals.ts'
import './api-keys.ts'
import './import-audit-records.ts'
import './privileged-sign-in.ts'
import './connect-tenant.ts'
import { builder } from './builder.ts'

export const schema = builder.toSchema({ sortSchema: false })
