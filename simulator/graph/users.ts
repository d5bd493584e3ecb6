import { isPrivileged, mayActOn, rankOf, sessionActions } from '../access-rules.ts'
import { sessionsRevoked } from '../audit/directory-changes.ts'
import { audited } from '../audit/trail.ts'
import type { User } from '../world.ts'
import { findUser, userJson, userShape } from './directory.ts'
import { GraphError, insufficientPrivileges, malformed, notFound } from './errors.ts'
import { flag, text } from './filter.ts'
import { readMe, readUser, readUsers } from './permissions.ts'
import { entityReply, listReply } from './query.ts'
import { type GraphReply, type GraphRequest, isDelegated, noContent, ok, param, type Route } from './route.ts'
import { updatePermissions, updateUser } from './user-update.ts'

const users = { context: 'users', shape: userShape }

export const userRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/users',
    permissions: readUsers,
    query: ['$select', '$filter', '$top', '$count'],
    filterable: { id: text, userPrincipalName: text, mail: text, accountEnabled: flag },
    cost: 2,
    handler: (request) =>
      listReply(request, request.tenant.users, { ...users, json: (user: User) => userJson(request.tenant, user) }),
  },
  {
    method: 'GET',
    pattern: '/me',
    permissions: readMe,
    query: ['$select'],
    handler: (request) => entityReply(request, userJson(request.tenant, signedInUser(request)), users),
  },
  {
    method: 'GET',
    pattern: '/users/{id}',
    permissions: readUser,
    query: ['$select'],
    handler: (request) =>
      entityReply(request, userJson(request.tenant, findUser(request.tenant, param(request, 'id'))), users),
  },
  {
    method: 'PATCH',
    pattern: '/users/{id}',
    permissions: updatePermissions,
    mutates: true,
    handler: updateUser,
  },
  {
    method: 'POST',
    pattern: '/users/{id}/revokeSignInSessions',
    permissions: {
      application: ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
      delegated: [
        'User.RevokeSessions.All',
        'User.ReadWrite.All',
        'Directory.ReadWrite.All',
        'Directory.AccessAsUser.All',
      ],
    },
    mutates: true,
    handler: revokeSignInSessions,
  },
]

function signedInUser({ caller, tenant }: GraphRequest) {
  if (!isDelegated(caller)) throw malformed('/me request is only valid with delegated authentication flow.')
  const user = tenant.users.find(({ id }) => id === caller.userId)
  // A partner's technician has no account in this tenant.
  if (!user) throw notFound(caller.userId ?? 'me')
  return user
}

function revokeSignInSessions(request: GraphRequest): GraphReply {
  const { caller, tenant, engine, body } = request
  if (body !== null && (typeof body !== 'object' || Object.keys(body).length > 0)) {
    throw new GraphError(400, 'BadRequest', 'The action revokeSignInSessions takes no parameters.')
  }
  const user = findUser(tenant, param(request, 'id'))
  const target = rankOf(tenant, user.id)
  const { revokeRefusesAdminTargets = false, revokeAnswers204 = false } = engine.world.switches ?? {}
  const asksForRole = isDelegated(caller)
    ? caller.userId !== user.id
    : revokeRefusesAdminTargets && isPrivileged(target)
  if (asksForRole && !mayActOn(caller.wids, target, sessionActions)) throw insufficientPrivileges()

  const before = user.signInSessionsValidFromDateTime
  user.signInSessionsValidFromDateTime = wholeSeconds(engine.now())
  audited(request, (story, by) => sessionsRevoked(story, by, user, before))
  return revokeAnswers204 ? noContent() : ok({ '@odata.context': `${request.root}/$metadata#Edm.Boolean`, value: true })
}

const wholeSeconds = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`
