import { differences, principalChanged } from '../audit/directory-changes.ts'
import { audited } from '../audit/trail.ts'
import { deleteServicePrincipal, isMicrosofts } from '../deletion.ts'
import type { ServicePrincipal, Tenant } from '../world.ts'
import { changeable, mayRead, readable } from './application-access.ts'
import { findById, servicePrincipalJson, servicePrincipalShape } from './directory.ts'
import { badRequest, notFound } from './errors.ts'
import { text } from './filter.ts'
import { changeServicePrincipals, readOwnedApplications } from './permissions.ts'
import { entityReply, listReply } from './query.ts'
import { type GraphReply, type GraphRequest, noContent, type Route } from './route.ts'

const principals = { context: 'servicePrincipals', shape: servicePrincipalShape }

/** The same resource by object id and by application id. */
export const principalKeys = ['/servicePrincipals/{id}', "/servicePrincipals(appId='{appId}')"] as const

export const servicePrincipalRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/servicePrincipals',
    permissions: readOwnedApplications,
    query: ['$select', '$top', '$count', '$filter'],
    filterable: { id: text, appId: text, displayName: text },
    handler: (request) => {
      const found = request.tenant.servicePrincipals.filter((one) => mayRead(request, one))
      return listReply(request, found, { ...principals, json: servicePrincipalJson })
    },
  },
  ...principalKeys.flatMap((key): Route[] => [
    {
      method: 'GET',
      pattern: key,
      permissions: readOwnedApplications,
      query: ['$select'],
      handler: (request) => {
        const principal = readable(request, servicePrincipalOf(request))
        return entityReply(request, servicePrincipalJson(principal), principals)
      },
    },
    { method: 'PATCH', pattern: key, permissions: changeServicePrincipals, mutates: true, handler: update },
    { method: 'DELETE', pattern: key, permissions: changeServicePrincipals, mutates: true, handler: remove },
  ]),
]

export const servicePrincipalOf = ({ tenant, params }: GraphRequest): ServicePrincipal =>
  findByEitherId(tenant.servicePrincipals, params)

/** By object id, or by the alternate key. Throws 404 or 400. */
export function findByEitherId<T extends { id: string; appId: string }>(
  list: readonly T[],
  { id, appId = '' }: GraphRequest['params'],
): T {
  if (id !== undefined) return findById(list, id)
  const found = list.find((one) => one.appId === appId.toLowerCase())
  if (!found) throw notFound(appId)
  return found
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

const writable: Readonly<Record<string, (value: unknown) => boolean>> = {
  accountEnabled: (value) => typeof value === 'boolean',
  displayName: (value) => typeof value === 'string' && value !== '',
  tags: isTexts,
}

function update(request: GraphRequest): GraphReply {
  const changes = changesIn(request.body)
  const principal = changeable(request, servicePrincipalOf(request))
  const before = { ...principal }
  Object.assign(principal, changes)
  audited(request, (story, by) =>
    principalChanged(story, by, 'Update service principal.', principal, differences(changes, before)),
  )
  return noContent()
}

function changesIn(body: unknown): Partial<ServicePrincipal> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest('A non-empty request body is required.')
  }
  const given = Object.entries(body).filter(([name]) => !name.startsWith('@odata.'))
  if (given.length === 0) throw badRequest('One or more properties are required.')
  for (const [name, value] of given) {
    const fits = Object.hasOwn(writable, name) ? writable[name] : undefined
    if (!fits) throw badRequest(`Property '${name}' does not exist, or cannot be changed here.`)
    if (!fits(value)) throw badRequest(`Invalid value specified for property '${name}' of resource 'ServicePrincipal'.`)
  }
  return Object.fromEntries(given)
}

/** Nothing keeps an application from deleting its own service principal. */
function remove(request: GraphRequest): GraphReply {
  const { engine, tenant } = request
  const principal = changeable(request, servicePrincipalOf(request))
  if (principal.servicePrincipalType === 'ManagedIdentity') {
    throw badRequest('The service principal of a managed identity is deleted with its Azure resource only.')
  }
  if (isMicrosofts(principal)) removeMicrosofts(request, principal)
  else deleteServicePrincipal(tenant, principal, engine.now())
  audited(request, (story, by) => principalChanged(story, by, 'Remove service principal.', principal))
  return noContent()
}

/** The error is not documented; some of these apps can be deleted, and come back when somebody uses them. */
function removeMicrosofts({ engine, tenant }: GraphRequest, principal: ServicePrincipal): void {
  if (!engine.world.switches?.microsoftAppsReappear) {
    throw badRequest(`The service principal '${principal.displayName}' belongs to Microsoft and cannot be deleted.`)
  }
  deleteServicePrincipal(tenant, principal, engine.now())
  tenant.servicePrincipals.push({ ...structuredClone(principal), id: engine.newId() })
}

export const displayNameOf = ({ users, groups, servicePrincipals }: Tenant, id: string): string | null =>
  [...users, ...groups, ...servicePrincipals].find((one) => one.id === id)?.displayName ?? null
