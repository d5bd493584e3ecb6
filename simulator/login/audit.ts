/** Sign-ins and consents of the pages, as the audit log has them. */
import { consentGiven } from '../audit/permission-changes.ts'
import { audited, now } from '../audit/trail.ts'
import type { SimulatorEngine } from '../engine.ts'
import type { Application } from '../world.ts'
import type { Identity } from './directory.ts'
import { LoginError } from './errors.ts'

/** Where everybody of the sandbox sits. */
const ip = '203.0.113.24'

/** What Entra calls the refusals that it logs as a failed sign-in, by number. */
const failures: Record<number, string> = {
  50057: 'UserDisabled',
  53003: 'BlockedByConditionalAccess',
}

const actOf = (engine: SimulatorEngine, { appId }: Application, { tenant, user, isPartner }: Identity) => ({
  engine,
  tenant,
  caller: { appId, servicePrincipalId: null, userId: user.id, user: isPartner ? null : user },
})

export function auditedSignIn<T>(
  engine: SimulatorEngine,
  application: Application,
  identity: Identity,
  work: () => T,
): T {
  const write = (failure: { failed?: string; errorNumber?: string }): void =>
    audited(actOf(engine, application, identity), (story, by) =>
      story.signIn(now, by, { ip, application: application.appId, ...failure }),
    )
  try {
    const result = work()
    write({})
    return result
  } catch (error) {
    const failed = error instanceof LoginError ? failures[error.code] : undefined
    if (failed !== undefined && error instanceof LoginError) write({ failed, errorNumber: String(error.code) })
    throw error
  }
}

export function auditedConsent(
  engine: SimulatorEngine,
  application: Application,
  identity: Identity,
  work: () => void,
): void {
  const { tenant } = identity
  const before = {
    servicePrincipals: [...tenant.servicePrincipals],
    appRoleAssignments: [...tenant.appRoleAssignments],
    oauth2PermissionGrants: structuredClone(tenant.oauth2PermissionGrants),
  }
  work()
  audited(actOf(engine, application, identity), (story, by) => consentGiven(story, by, tenant, application, before))
}
