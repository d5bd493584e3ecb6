/** GDAP as the partner's own tenant shows it. */
import { roleNameOf } from '../access-rules.ts'
import type { AccessAssignment, PartnerRelationship, Tenant, World } from '../world.ts'
import { notFound } from './errors.ts'
import { text } from './filter.ts'
import { readPartnerRelationships } from './permissions.ts'
import { type EntityShape, entityReply, type Json, listReply, option } from './query.ts'
import { type GraphRequest, param, type Route } from './route.ts'

const properties = [
  ...['id', 'displayName', 'accessDetails', 'activatedDateTime', 'autoExtendDuration', 'createdDateTime', 'customer'],
  ...['duration', 'endDateTime', 'lastModifiedDateTime', 'status'],
]
const shape: EntityShape = { type: 'delegatedAdminRelationship', properties, defaults: properties }
const assignmentProperties = [
  ...['id', 'accessContainer', 'accessDetails', 'createdDateTime', 'lastModifiedDateTime', 'status'],
]
const assignmentShape: EntityShape = {
  type: 'delegatedAdminAccessAssignment',
  properties: assignmentProperties,
  defaults: assignmentProperties,
}
const root = '/tenantRelationships/delegatedAdminRelationships'
const relationships = { context: 'tenantRelationships/delegatedAdminRelationships', shape }

export const partnerRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: root,
    permissions: readPartnerRelationships,
    query: ['$select', '$filter', '$top', '$expand'],
    filterable: { id: text, status: text, displayName: text, 'customer/tenantId': text },
    expandable: ['accessAssignments'],
    handler: (request) =>
      listReply(request, relationshipsOf(request.engine.world, request.tenant), {
        ...relationships,
        json: (one) => relationshipJson(request, one),
      }),
  },
  {
    method: 'GET',
    pattern: `${root}/{relationshipId}`,
    permissions: readPartnerRelationships,
    query: ['$select', '$expand'],
    expandable: ['accessAssignments'],
    handler: (request) => entityReply(request, relationshipJson(request, relationshipOf(request)), relationships),
  },
  {
    method: 'GET',
    pattern: `${root}/{relationshipId}/accessAssignments`,
    permissions: readPartnerRelationships,
    query: ['$select', '$filter', '$top'],
    filterable: { id: text, status: text },
    handler: (request) => {
      const relationship = relationshipOf(request)
      return listReply(request, relationship.accessAssignments, {
        context: `${relationships.context}('${relationship.id}')/accessAssignments`,
        shape: assignmentShape,
        json: (one) => assignmentJson(relationship, one),
      })
    },
  },
]

/** With the customer, by the name that filters use. */
type Relationship = PartnerRelationship & { customer: Tenant; 'customer/tenantId': string }

const relationshipsOf = ({ tenants }: World, partner: Tenant): Relationship[] =>
  tenants.flatMap((customer) =>
    customer.partnerRelationships
      .filter(({ partnerTenantId }) => partnerTenantId === partner.id)
      .map((relationship) => ({ ...relationship, customer, 'customer/tenantId': customer.id })),
  )

function relationshipOf(request: GraphRequest): Relationship {
  const id = param(request, 'relationshipId')
  const found = relationshipsOf(request.engine.world, request.tenant).find((one) => one.id === id.toLowerCase())
  if (!found) throw notFound(id)
  return found
}

const rolesJson = (roleTemplateIds: readonly string[]): Json => ({
  unifiedRoles: roleTemplateIds.filter((id) => roleNameOf(id)).map((roleDefinitionId) => ({ roleDefinitionId })),
})

function relationshipJson(request: GraphRequest, relationship: Relationship): Json {
  const { id, displayName, status, roleTemplateIds, customer, activatedDateTime, endDateTime } = relationship
  const json = {
    id,
    displayName,
    status,
    duration: 'P730D',
    autoExtendDuration: 'PT0S',
    customer: { tenantId: customer.id, displayName: customer.displayName },
    accessDetails: rolesJson(roleTemplateIds),
    createdDateTime: activatedDateTime,
    activatedDateTime,
    endDateTime,
    lastModifiedDateTime: activatedDateTime,
  }
  if (option(request, '$expand') !== 'accessAssignments') return json
  return { ...json, accessAssignments: relationship.accessAssignments.map((one) => assignmentJson(relationship, one)) }
}

const assignmentJson = (
  { activatedDateTime }: PartnerRelationship,
  { id, groupId, roleTemplateIds, status }: AccessAssignment,
): Json => ({
  id,
  status,
  accessContainer: { accessContainerId: groupId, accessContainerType: 'securityGroup' },
  accessDetails: rolesJson(roleTemplateIds),
  createdDateTime: activatedDateTime,
  lastModifiedDateTime: activatedDateTime,
})
