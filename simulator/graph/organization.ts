import type { Domain, Tenant } from '../world.ts'
import { readDomains, readOrganization } from './permissions.ts'
import { type EntityShape, type Json, listReply } from './query.ts'
import type { Route } from './route.ts'

const domainProperties = [
  ...['authenticationType', 'id', 'isAdminManaged', 'isDefault', 'isInitial', 'isRoot', 'isVerified'],
  'supportedServices',
]
const domainShape: EntityShape = { type: 'domain', properties: domainProperties, defaults: domainProperties }
const organizationProperties = [
  ...['id', 'deletedDateTime', 'assignedPlans', 'businessPhones', 'city', 'country', 'countryLetterCode'],
  ...['createdDateTime', 'displayName', 'onPremisesLastSyncDateTime', 'onPremisesSyncEnabled', 'partnerTenantType'],
  ...['preferredLanguage', 'tenantType', 'verifiedDomains'],
]
const organizationShape: EntityShape = {
  type: 'organization',
  properties: organizationProperties,
  defaults: organizationProperties,
}

export const organizationRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/domains',
    permissions: readDomains,
    query: ['$select', '$top'],
    handler: (request) =>
      listReply(request, request.tenant.domains.map(domainJson), { context: 'domains', shape: domainShape }),
  },
  {
    method: 'GET',
    pattern: '/organization',
    permissions: readOrganization,
    query: ['$select'],
    handler: (request) =>
      listReply(request, [organizationJson(request.tenant)], { context: 'organization', shape: organizationShape }),
  },
]

const isVerified = (domain: Domain): boolean => domain.isVerified ?? true

const services = ['Email', 'OfficeCommunicationsOnline']

/** The first custom domain is the one for new people. */
const isDefault = (index: number, count: number): boolean => index === (count > 1 ? 1 : 0)

const domainJson = (domain: Domain, index: number, all: Domain[]): Json => ({
  ...domain,
  isAdminManaged: true,
  isDefault: isDefault(index, all.length),
  isRoot: true,
  isVerified: isVerified(domain),
  supportedServices: services,
})

function organizationJson(tenant: Tenant): Json {
  const synchronised = tenant.users.find(({ onPremisesSyncEnabled }) => onPremisesSyncEnabled)
  return {
    id: tenant.id,
    deletedDateTime: null,
    assignedPlans: [],
    businessPhones: [],
    city: null,
    country: null,
    countryLetterCode: null,
    createdDateTime: '2025-03-03T08:00:00Z',
    displayName: tenant.displayName,
    onPremisesLastSyncDateTime: synchronised?.createdDateTime ?? null,
    onPremisesSyncEnabled: synchronised ? true : null,
    partnerTenantType: null,
    preferredLanguage: 'en',
    tenantType: 'AAD',
    verifiedDomains: tenant.domains.filter(isVerified).map(({ id, isInitial, authenticationType }, index) => ({
      capabilities: services.join(', '),
      isDefault: isDefault(index, tenant.domains.length),
      isInitial,
      name: id,
      type: authenticationType,
    })),
  }
}
