import { isGuid } from '../ids.ts'
import { badRequest } from './errors.ts'
import { idsIn } from './memberships.ts'
import { readDirectoryObjects } from './permissions.ts'
import { directoryObjectJson, objectsReply } from './principals.ts'
import type { GraphReply, GraphRequest, Route } from './route.ts'

const idsMax = 1000
const types = ['directoryobject', 'user', 'group', 'serviceprincipal', 'directoryrole', 'application', 'device']

export const directoryObjectRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: '/directoryObjects/getByIds',
    permissions: readDirectoryObjects,
    query: ['$select'],
    cost: 3,
    handler: getByIds,
  },
]

/** Ids that the tenant does not know are silently absent from the answer. */
function getByIds(request: GraphRequest): GraphReply {
  const ids = idsIn(request.body, idsMax)
  const malformed = ids.find((id) => !isGuid(id))
  if (malformed !== undefined) throw badRequest(`Invalid object identifier '${malformed}'.`)
  const wanted = typesIn(request.body)
  const unique = [...new Set(ids.map((id) => id.toLowerCase()))]
  const found = unique.filter((id) => {
    const type = directoryObjectJson(request.tenant, id)?.['@odata.type']
    return (
      wanted.includes('directoryobject') ||
      wanted.some((name) => String(type).toLowerCase() === `#microsoft.graph.${name}`)
    )
  })
  return objectsReply(request, found)
}

function typesIn(body: unknown): string[] {
  const given = typeof body === 'object' && body !== null && 'types' in body ? body.types : ['directoryObject']
  if (!Array.isArray(given)) throw badRequest("The parameter 'types' must be a list of names.")
  return given.map((name) => {
    const known = types.find((type) => type === String(name).toLowerCase())
    if (!known) throw badRequest(`Invalid value '${String(name)}' in 'types'.`)
    return known
  })
}
