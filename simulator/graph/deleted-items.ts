/** Soft-deleted applications and service principals: 30 days, then gone. */
import { itemChanged } from '../audit/directory-changes.ts'
import { audited } from '../audit/trail.ts'
import { keptItems, purge, restore } from '../deletion.ts'
import type { DeletedItem } from '../world.ts'
import { changeable, mayRead, readable } from './application-access.ts'
import { applicationJson, applicationShape } from './applications.ts'
import { findById, servicePrincipalJson, servicePrincipalShape } from './directory.ts'
import { badRequest } from './errors.ts'
import { text } from './filter.ts'
import { changeApplications, readOwnedApplications } from './permissions.ts'
import { entityReply, type Json, listReply } from './query.ts'
import { type GraphReply, type GraphRequest, noContent, param, type Route } from './route.ts'

const shapes = { application: applicationShape, servicePrincipal: servicePrincipalShape } as const
const types = ['application', 'servicePrincipal'] as const
const one = '/directory/deletedItems/{id}'

export const deletedItemRoutes: readonly Route[] = [
  ...types.map(
    (type): Route => ({
      method: 'GET',
      pattern: `/directory/deletedItems/microsoft.graph.${type}`,
      permissions: readOwnedApplications,
      query: ['$select', '$top', '$count', '$filter'],
      filterable: { id: text, appId: text, displayName: text },
      handler: (request) => {
        const found = itemsOf(request).filter((item) => item.type === type && mayRead(request, item.object))
        return listReply(request, found.map(itemJson), { context: `${type}s`, shape: shapes[type] })
      },
    }),
  ),
  {
    method: 'GET',
    pattern: one,
    permissions: readOwnedApplications,
    query: ['$select'],
    handler: (request) => {
      const item = itemOf(request)
      readable(request, item.object)
      return itemReply(request, item, itemJson(item))
    },
  },
  {
    method: 'DELETE',
    pattern: one,
    permissions: changeApplications,
    mutates: true,
    handler: (request) => {
      const item = itemOf(request)
      changeable(request, item.object)
      purge(request.tenant, item)
      audited(request, (story, by) => itemChanged(story, by, 'Hard Delete', item))
      return noContent()
    },
  },
  {
    method: 'POST',
    pattern: `${one}/restore`,
    permissions: changeApplications,
    mutates: true,
    handler: restoreItem,
  },
]

const itemsOf = ({ tenant, engine }: GraphRequest): DeletedItem[] => keptItems(tenant, engine.now())

function itemOf(request: GraphRequest): DeletedItem {
  const items = itemsOf(request).map((item) => ({ id: item.object.id, item }))
  return findById(items, param(request, 'id')).item
}

const itemJson = (item: DeletedItem): Json => ({
  ...(item.type === 'application' ? applicationJson(item.object) : servicePrincipalJson(item.object)),
  deletedDateTime: item.deletedDateTime,
})

const itemReply = (request: GraphRequest, { type }: DeletedItem, json: Json): GraphReply =>
  entityReply(
    request,
    { '@odata.type': `#microsoft.graph.${type}`, ...json },
    { context: 'directoryObjects', shape: shapes[type] },
  )

function restoreItem(request: GraphRequest): GraphReply {
  const { engine, tenant } = request
  const item = itemOf(request)
  changeable(request, item.object)
  checkConflicts(request, item)
  restore(engine.world, tenant, item)
  audited(request, (story, by) => itemChanged(story, by, 'Restore', item))
  return itemReply(request, item, { ...itemJson(item), deletedDateTime: null })
}

function checkConflicts(request: GraphRequest, { type, object }: DeletedItem): void {
  const { tenant, engine } = request
  const present = type === 'application' ? engine.world.applications : tenant.servicePrincipals
  if (present.some(({ appId }) => appId === object.appId)) {
    throw badRequest(`Another object with the same value for property appId exists: '${object.appId}'.`)
  }
  const isRegistrationDeleted = itemsOf(request).some(
    (other) => other.type === 'application' && other.object.appId === object.appId,
  )
  if (type === 'servicePrincipal' && isRegistrationDeleted) {
    throw badRequest('The application of the service principal is deleted: restore it first.')
  }
}
