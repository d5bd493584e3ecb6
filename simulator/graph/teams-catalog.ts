/** The Teams catalogue. Removing an app from it uninstalls nothing. */

import { holdsRole } from '../access-rules.ts'
import { audited, now } from '../audit/trail.ts'
import type { CatalogApp } from '../world.ts'
import { GraphError } from './errors.ts'
import { exactText } from './filter.ts'
import { type EntityShape, entityReply, type Json, listReply, option } from './query.ts'
import { type GraphReply, type GraphRequest, noContent, param, type Route } from './route.ts'
import { teamsNotFound } from './teams-apps.ts'
import { changeCatalog, readCatalog } from './teams-permissions.ts'

const properties = ['id', 'displayName', 'distributionMethod', 'externalId']
const shape: EntityShape = { type: 'teamsApp', properties, defaults: properties }
const catalog = { context: 'appCatalogs/teamsApps', shape }
const common = { workload: 'teams', expandable: ['appDefinitions'] } as const
const root = '/appCatalogs/teamsApps'

export const teamsCatalogRoutes: readonly Route[] = [
  {
    ...common,
    method: 'GET',
    pattern: root,
    permissions: readCatalog,
    query: ['$select', '$filter', '$expand', '$top'],
    filterable: { id: exactText, externalId: exactText, displayName: exactText, distributionMethod: exactText },
    handler: (request) =>
      listReply(
        request,
        request.tenant.teamsApps.map((app) => appJson(request, app)),
        catalog,
      ),
  },
  {
    ...common,
    method: 'GET',
    pattern: `${root}/{teamsAppId}`,
    permissions: readCatalog,
    query: ['$select', '$expand'],
    handler: (request) => entityReply(request, appJson(request, appOf(request)), catalog),
  },
  {
    ...common,
    method: 'DELETE',
    pattern: `${root}/{teamsAppId}`,
    permissions: changeCatalog,
    mutates: true,
    handler: remove,
  },
]

/** By the catalogue's id: that of the manifest is another one. */
function appOf(request: GraphRequest): CatalogApp {
  const id = param(request, 'teamsAppId')
  const found = request.tenant.teamsApps.find(({ teamsApp }) => teamsApp.id === id.toLowerCase())
  if (!found) throw teamsNotFound(`The app '${id}'`)
  return found
}

function appJson(request: GraphRequest, { teamsApp, teamsAppDefinition }: CatalogApp): Json {
  const isExpanded = option(request, '$expand') === 'appDefinitions'
  return { ...teamsApp, ...(isExpanded ? { appDefinitions: [teamsAppDefinition] } : {}) }
}

function remove(request: GraphRequest): GraphReply {
  const { caller, tenant } = request
  if (!holdsRole(caller.wids, ['Global Administrator', 'Teams Administrator'])) {
    throw new GraphError(403, 'Forbidden', 'Only an administrator of Teams may change the catalogue.')
  }
  const app = appOf(request)
  if (app.teamsApp.distributionMethod !== 'organization') {
    throw new GraphError(403, 'Forbidden', "Only the organization's own apps can be deleted from the catalogue.")
  }
  tenant.teamsApps = tenant.teamsApps.filter((one) => one !== app)
  audited(request, (story, by) => story.teamsApp(now, 'AppDeletedFromCatalog', by, app))
  return noContent()
}
