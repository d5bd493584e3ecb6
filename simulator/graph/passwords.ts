/** The password method: reading it, resetting it, and the state of a reset. */

import { type AccessTable, holdsRole, mayActOn, rankOf, resetActions } from '../access-rules.ts'
import { userChanged } from '../audit/directory-changes.ts'
import { audited } from '../audit/trail.ts'
import type { DirectoryRoleName } from '../directory-roles.ts'
import { madePassword, meetsPasswordPolicy } from '../password-rules.ts'
import type { PasswordOperation, Tenant, User } from '../world.ts'
import { findUser } from './directory.ts'
import { badRequest, GraphError, methodsDenied } from './errors.ts'
import { changePassword, passwordAgainstPolicy, passwordHome } from './password-change.ts'
import { readAuthenticationMethods, readPasswordOperations, resetPasswords } from './permissions.ts'
import { type EntityShape, listReply } from './query.ts'
import { type GraphReply, type GraphRequest, isDelegated, ok, param, type Route } from './route.ts'

/** The same for everybody. */
export const passwordMethodId = '28c10230-6103-485e-b985-444c60001490'

const methodProperties = ['id', 'createdDateTime', 'password']
const methodShape: EntityShape = {
  type: 'passwordAuthenticationMethod',
  properties: methodProperties,
  defaults: methodProperties,
}
const common = { workload: 'authenticationMethods' } as const
const readers: readonly DirectoryRoleName[] = [
  ...resetActions.unlimited,
  'Authentication Administrator',
  'Global Reader',
]

export const passwordRoutes: readonly Route[] = [
  {
    ...common,
    method: 'GET',
    pattern: '/users/{id}/authentication/passwordMethods',
    permissions: readAuthenticationMethods,
    query: ['$select', '$top'],
    handler: (request) => {
      const user = readableUser(request)
      const has = passwordHome(request.tenant, user) !== 'ELSEWHERE'
      const method = { id: passwordMethodId, createdDateTime: user.lastPasswordChangeDateTime, password: null }
      const context = `users('${user.id}')/authentication/passwordMethods`
      return listReply(request, has ? [method] : [], { context, shape: methodShape })
    },
  },
  {
    ...common,
    method: 'POST',
    pattern: '/users/{id}/authentication/methods/{methodId}/resetPassword',
    permissions: resetPasswords,
    mutates: true,
    handler: resetPassword,
  },
  {
    ...common,
    method: 'GET',
    pattern: '/users/{id}/authentication/operations/{operationId}',
    permissions: readPasswordOperations,
    handler: readOperation,
  },
]

function readableUser(request: GraphRequest): User {
  const { tenant, caller } = request
  const user = findUser(tenant, param(request, 'id'))
  if (isDelegated(caller) && caller.userId !== user.id && !holdsRole(caller.wids, readers)) throw methodsDenied()
  return user
}

const resourceNotFound = (id: string): GraphError =>
  new GraphError(404, 'resourceNotFound', `Resource '${id}' does not exist.`)

function resetPassword(request: GraphRequest): GraphReply {
  const { tenant, caller, engine, root } = request
  const given = newPasswordIn(request.body)
  const methodId = param(request, 'methodId')
  const user = findUser(tenant, param(request, 'id'))
  if (methodId.toLowerCase() !== passwordMethodId) throw resourceNotFound(methodId)
  if (caller.userId === user.id || user.isManagementRestricted) throw methodsDenied()
  if (!mayReset(tenant, caller.wids, user.id, resetActions)) throw methodsDenied()
  const home = passwordHome(tenant, user)
  if (home === 'ELSEWHERE') throw badRequest('The password of this user is not managed in this directory.')
  if (home === 'ON_PREMISES' && given === null) {
    throw badRequest("The property 'newPassword' is required for users that are synchronised from on-premises.")
  }
  // The service checks its own passwords against nothing; those of on-premises users are judged there.
  if (home === 'CLOUD' && given !== null && !meetsPasswordPolicy(tenant, given)) throw passwordAgainstPolicy()

  const reason = home === 'ON_PREMISES' ? writebackFault(tenant, user, given ?? '') : null
  const password = given ?? madePassword()
  const operation: PasswordOperation = {
    id: engine.newId(),
    userId: user.id,
    outcome: reason === null ? 'succeeded' : 'failed',
    reason,
    polls: 0,
    createdDateTime: engine.now().toISOString(),
  }
  tenant.passwordOperations = [...(tenant.passwordOperations ?? []), operation]
  const before = { ...user }
  if (reason === null) changePassword(user, { password, forceChange: true }, engine.now())
  audited(request, (story, by) => userChanged(story, by, user, before))

  const retryAfter = engine.world.switches?.resetRetryAfter
  return {
    status: 202,
    headers: {
      Location: `${root}/users/${user.id}/authentication/operations/${operation.id}?${routing}`,
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
    },
    body:
      given === null
        ? { '@odata.context': `${root}/$metadata#microsoft.graph.passwordResetResponse`, newPassword: password }
        : null,
  }
}

/** Leads a poll to where the reset runs. */
const routing = 'aadgdc=DUB02P&aadgsu=ssprprod-a'

const mayReset = (tenant: Tenant, roles: readonly string[], userId: string, table: AccessTable): boolean =>
  mayActOn(roles, rankOf(tenant, userId), table)

function newPasswordIn(body: unknown): string | null {
  if (body === null) return null
  if (typeof body !== 'object' || Array.isArray(body)) throw badRequest('The request body is not valid.')
  const unknown = Object.keys(body).find((name) => name !== 'newPassword')
  if (unknown !== undefined) throw badRequest(`The parameter '${unknown}' does not exist on 'resetPassword'.`)
  const given = 'newPassword' in body ? body.newPassword : null
  if (given === null) return null
  if (typeof given !== 'string') throw badRequest("The parameter 'newPassword' must be a text.")
  return given
}

/** What the on-premises side says; null: it takes the password. */
function writebackFault(tenant: Tenant, user: User, password: string): string | null {
  switch (user.passwordWriteback ?? tenant.passwordWriteback ?? 'off') {
    case 'off':
      return '120012: The password must be reset in the on-premises environment: password writeback is not enabled.'
    case 'unreachable':
      return '120013: The on-premises environment cannot be reached: no password writeback agent answers.'
    case 'refused':
      return '120004: The password does not meet the complexity requirements of the on-premises policy.'
    case 'on':
      return meetsPasswordPolicy(tenant, password)
        ? null
        : '120018: The password holds a word or a pattern that makes it easy to guess.'
  }
}

function readOperation(request: GraphRequest): GraphReply {
  const { tenant, engine, url, root } = request
  const user = readableUser(request)
  const id = param(request, 'operationId')
  const operation = tenant.passwordOperations?.find((one) => one.id === id && one.userId === user.id)
  const isRouted = url.searchParams.has('aadgdc') && url.searchParams.has('aadgsu')
  if (!operation || !isRouted) throw resourceNotFound(id)
  const status = statusOf(operation, engine.world.switches?.pollsBeforeResetEnds ?? 2)
  operation.polls += 1
  engine.changed(tenant.id)
  const isPascal = engine.world.switches?.operationStatusPascalCase ?? false
  return ok({
    '@odata.context': `${root}/$metadata#users('${user.id}')/authentication/operations/$entity`,
    id: operation.id,
    status: isPascal ? status.charAt(0).toUpperCase() + status.slice(1) : status,
    statusDetail: status === 'failed' ? operation.reason : null,
    createdDateTime: operation.createdDateTime,
    lastActionDateTime: engine.now().toISOString(),
    resourceLocation: `${root}/users/${user.id}/authentication/methods/${passwordMethodId}`,
  })
}

function statusOf({ polls, outcome }: PasswordOperation, pollsBeforeEnd: number): string {
  if (polls >= pollsBeforeEnd) return outcome
  return polls === 0 ? 'notStarted' : 'running'
}
