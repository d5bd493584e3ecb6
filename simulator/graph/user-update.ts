/** `PATCH /users/{id}`: what may be changed, by whom, and on whom. */

import {
  atLeastUserAdministrator,
  enabledGlobalAdministrators,
  holdsRole,
  isPrivileged,
  mayActOn,
  passwordProfileActions,
  rankOf,
} from '../access-rules.ts'
import { userChanged } from '../audit/directory-changes.ts'
import { audited } from '../audit/trail.ts'
import { meetsPasswordPolicy } from '../password-rules.ts'
import type { Tenant, User } from '../world.ts'
import { findUser } from './directory.ts'
import { badRequest, insufficientPrivileges } from './errors.ts'
import { changePassword, masteredOnPremises, passwordAgainstPolicy, passwordHome } from './password-change.ts'
import {
  type Alternatives,
  type GraphReply,
  type GraphRequest,
  isDelegated,
  noContent,
  type Permissions,
  param,
} from './route.ts'

type Value = boolean | string | null | PasswordProfile

interface PasswordProfile {
  password?: string
  forceChangePasswordNextSignIn?: boolean
  forceChangePasswordNextSignInWithMfa?: boolean
}

interface UpdatableProperty {
  type: 'boolean' | 'text' | 'passwordProfile'
  permissions: Alternatives
  /** Only for who stands above the target. */
  isSensitive: boolean
  set: (user: User, value: Value, at: Date) => void
}

const anyProperty: Alternatives = ['User.ReadWrite.All', 'Directory.ReadWrite.All']

const textProperty = (name: 'givenName' | 'surname' | 'jobTitle'): UpdatableProperty => ({
  type: 'text',
  permissions: anyProperty,
  isSensitive: false,
  set: (user, value) => {
    user[name] = value === null ? null : String(value)
  },
})

const updatable: Readonly<Record<string, UpdatableProperty>> = {
  accountEnabled: {
    type: 'boolean',
    permissions: [...anyProperty, ['User.EnableDisableAccount.All', 'User.Read.All']],
    isSensitive: true,
    set: (user, value) => {
      user.accountEnabled = value === true
    },
  },
  passwordProfile: {
    type: 'passwordProfile',
    permissions: [...anyProperty, 'User-PasswordProfile.ReadWrite.All'],
    isSensitive: true,
    set: (user, value, at) => {
      if (!isProfile(value)) return
      const { password, forceChangePasswordNextSignIn, forceChangePasswordNextSignInWithMfa } = value
      changePassword(
        user,
        {
          ...(password === undefined ? {} : { password }),
          forceChange: forceChangePasswordNextSignIn ?? forceChangePasswordNextSignInWithMfa ?? true,
        },
        at,
      )
    },
  },
  givenName: textProperty('givenName'),
  surname: textProperty('surname'),
  jobTitle: textProperty('jobTitle'),
}

/** What the properties of the body ask for together. Throws 400: a body is read before rights are looked at. */
export function updatePermissions(body: unknown): Permissions {
  const asked = changesIn(body).map(({ property }) => property.permissions)
  const application = asked.every((one) => one === asked[0]) ? (asked[0] ?? anyProperty) : anyProperty
  return { application, delegated: [...application, 'Directory.AccessAsUser.All'] }
}

export function updateUser(request: GraphRequest): GraphReply {
  const { tenant, engine, caller } = request
  const changes = changesIn(request.body)
  const user = findUser(tenant, param(request, 'id'))
  if (user.isManagementRestricted) throw insufficientPrivileges()
  const target = rankOf(tenant, user.id)
  // A person needs a role even for people without one, an application only for sensitive changes of administrators.
  const isSensitive = changes.some(({ property }) => property.isSensitive)
  const asksForRole = isDelegated(caller) || (isSensitive && isPrivileged(target))
  if (asksForRole && !mayActOn(caller.wids, target)) throw insufficientPrivileges()
  const profile = changes.map(({ value }) => value).find(isProfile)
  if (profile) {
    const isAllowed = isDelegated(caller) || holdsRole(caller.wids, atLeastUserAdministrator)
    if (!isAllowed || !mayActOn(caller.wids, target, passwordProfileActions)) throw insufficientPrivileges()
    checkProfile(tenant, user, profile)
  }
  const disables = changes.some(({ name, value }) => name === 'accountEnabled' && value === false)
  const administrators = enabledGlobalAdministrators(tenant)
  const isLast = administrators.length === 1 && administrators[0] === user.id
  if (disables && isLast && !engine.world.switches?.lastGlobalAdministratorCanBeDisabled) {
    throw badRequest('The last enabled Global Administrator of the organization cannot be disabled.')
  }
  const before = { ...user }
  for (const { property, value } of changes) property.set(user, value, engine.now())
  audited(request, (story, by) => userChanged(story, by, user, before))
  return noContent()
}

function checkProfile(tenant: Tenant, user: User, { password }: PasswordProfile): void {
  switch (passwordHome(tenant, user)) {
    case 'ON_PREMISES':
      throw masteredOnPremises()
    case 'ELSEWHERE':
      throw badRequest('The password of this user is not managed in this directory.')
    case 'CLOUD':
      if (password !== undefined && !meetsPasswordPolicy(tenant, password)) throw passwordAgainstPolicy()
  }
}

interface Change {
  name: string
  property: UpdatableProperty
  value: Value
}

function changesIn(body: unknown): Change[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest('A non-empty request body is required.')
  }
  const changes = Object.entries(body)
    .filter(([name]) => !name.startsWith('@odata.'))
    .map(([name, value]) => changeOf(name, value))
  if (changes.length === 0) throw badRequest('One or more properties are required.')
  return changes
}

function changeOf(name: string, value: unknown): Change {
  const property = Object.hasOwn(updatable, name) ? updatable[name] : undefined
  if (!property) throw badRequest(`Property '${name}' does not exist, or cannot be changed here.`)
  if (property.type === 'boolean' && typeof value === 'boolean') return { name, property, value }
  if (property.type === 'text' && (typeof value === 'string' || value === null)) return { name, property, value }
  if (property.type === 'passwordProfile' && isProfile(value)) return { name, property, value }
  throw badRequest(`Invalid value specified for property '${name}' of resource 'User'.`)
}

const profileMembers: Readonly<Record<string, 'string' | 'boolean'>> = {
  password: 'string',
  forceChangePasswordNextSignIn: 'boolean',
  forceChangePasswordNextSignInWithMfa: 'boolean',
}

function isProfile(value: unknown): value is PasswordProfile {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const members = Object.entries(value)
  return members.length > 0 && members.every(([name, member]) => typeof member === profileMembers[name])
}
