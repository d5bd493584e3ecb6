/** What callers change stands in the audit log of the tenant: who did it, to what, in the services' own forms. */
import type { Caller, Engine } from '../engine-types.ts'
import { type AuditRecord, technicianOf, type Who, who } from '../sample/record-forms.ts'
import { type Stories, storiesOf } from '../sample/record-stories.ts'
import type { Tenant } from '../world.ts'

/** A call that changed the tenant. */
export interface Act {
  engine: Engine
  caller: Pick<Caller, 'appId' | 'servicePrincipalId' | 'userId' | 'user'>
  tenant: Tenant
}

export const now = { hoursAgo: 0 }

/** Raises what something that happened now left in the log, and says that the tenant changed: to be called after the effect. */
export function logged(engine: Engine, tenant: Tenant, write: (story: Stories) => AuditRecord | AuditRecord[]): void {
  const at = engine.now()
  const story = storiesOf(tenant, at, `${at.toISOString()} ${engine.serial()}`)
  engine.raise(tenant, [write(story)].flat(), at)
}

/** As `logged`, by the caller. */
export function audited(act: Act, write: (story: Stories, by: Who) => AuditRecord | AuditRecord[]): void {
  logged(act.engine, act.tenant, (story) => write(story, actorOf(act)))
}

function actorOf({ engine, caller, tenant }: Act): Who {
  if (caller.userId === null) return applicationActor(tenant, caller)
  if (caller.user) return who(caller.user)
  const { userId } = caller
  const home = engine.world.tenants.find(({ users }) => users.some(({ id }) => id === userId))
  return technicianOf(tenant, { tenantId: home?.id ?? '', userId })
}

function applicationActor(tenant: Tenant, { appId, servicePrincipalId }: Act['caller']): Who {
  // One that deleted itself is remembered.
  const objects = [...tenant.servicePrincipals, ...tenant.deletedItems.map(({ object }) => object)]
  const id = servicePrincipalId ?? ''
  const displayName = objects.find((one) => one.id === id)?.displayName ?? ''
  return {
    userId: `ServicePrincipal_${id}`,
    objectId: null,
    userKey: 'Not Available',
    userType: 4,
    application: { id, appId, displayName },
  }
}
