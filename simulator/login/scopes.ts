import { microsoftResources } from '../microsoft-resources.ts'
import type { World } from '../world.ts'
import { type Resource, resourceNamed } from './directory.ts'
import { LoginError } from './errors.ts'

const openIdScopes = ['openid', 'profile', 'email', 'offline_access']

export interface ScopeRequest {
  /** As asked for, for error texts. */
  resourceName: string
  /** Null: no such resource. */
  resource: Resource | null
  /** `.default`: all that was granted. */
  isDefault: boolean
  permissions: string[]
  openId: string[]
}

/** Throws AADSTS28000 (two resources) and AADSTS70011 (malformed). Without a resource, Graph is meant. */
export function parseScopes(world: World, text: string): ScopeRequest {
  const asked = text.split(/\s+/).filter(Boolean)
  const openId = asked.filter((scope) => openIdScopes.includes(scope))
  const named = asked.filter((scope) => !openIdScopes.includes(scope)).map(splitScope)
  const resourceNames = [...new Set(named.map(({ resourceName }) => resourceName))]
  if (resourceNames.length > 1) {
    throw new LoginError(
      28000,
      'invalid_scope',
      `Provided value for the input parameter scope is not valid because it contains more than one resource. Scope ${text} is not valid.`,
    )
  }
  const resourceName = resourceNames[0] ?? microsoftResources[0]?.audiences[0] ?? ''
  const permissions = named.map(({ permission }) => permission)
  return {
    resourceName,
    resource: resourceNamed(world, resourceName),
    isDefault: permissions.includes('.default'),
    permissions: permissions.filter((permission) => permission !== '.default'),
    openId,
  }
}

/** `https://graph.microsoft.com/User.Read` and, for Graph, plain `User.Read`. */
function splitScope(scope: string): { resourceName: string; permission: string } {
  const slash = scope.lastIndexOf('/')
  if (slash === -1) return { resourceName: microsoftResources[0]?.audiences[0] ?? '', permission: scope }
  const permission = scope.slice(slash + 1)
  if (!permission) {
    throw new LoginError(
      70011,
      'invalid_scope',
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
    )
  }
  return { resourceName: scope.slice(0, slash).replace(/\/$/, ''), permission }
}
