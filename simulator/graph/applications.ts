/** App registrations: in the publisher's tenant only. */
import { applicationChanged, principalChanged } from '../audit/directory-changes.ts'
import { audited } from '../audit/trail.ts'
import { deleteApplication } from '../deletion.ts'
import { guid } from '../ids.ts'
import { microsoftResource } from '../microsoft-resources.ts'
import type { Application } from '../world.ts'
import { changeable, mayRead, readable } from './application-access.ts'
import { appRoleJson, publisherJson } from './directory.ts'
import { text } from './filter.ts'
import { changeApplications, readOwnedApplications } from './permissions.ts'
import { type EntityShape, entityReply, type Json, listReply } from './query.ts'
import { type GraphReply, type GraphRequest, noContent, type Route } from './route.ts'
import { findByEitherId } from './service-principals.ts'

const properties = [
  ...['id', 'deletedDateTime', 'api', 'appId', 'appRoles', 'createdDateTime', 'description'],
  ...['disabledByMicrosoftStatus', 'displayName', 'identifierUris', 'info', 'isDisabled', 'keyCredentials'],
  ...['passwordCredentials', 'publicClient', 'publisherDomain', 'requiredResourceAccess', 'signInAudience', 'spa'],
  ...['tags', 'verifiedPublisher', 'web'],
]
export const applicationShape: EntityShape = { type: 'application', properties, defaults: properties }
const applications = { context: 'applications', shape: applicationShape }

export const applicationRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/applications',
    permissions: readOwnedApplications,
    query: ['$select', '$top', '$count', '$filter'],
    filterable: { id: text, appId: text, displayName: text },
    cost: 2,
    handler: (request) => {
      const found = request.caller.applications.filter((one) => mayRead(request, one))
      return listReply(request, found, { ...applications, json: applicationJson })
    },
  },
  ...['/applications/{id}', "/applications(appId='{appId}')"].flatMap((key): Route[] => [
    {
      method: 'GET',
      pattern: key,
      permissions: readOwnedApplications,
      query: ['$select'],
      cost: 2,
      handler: (request) => {
        const application = readable(request, applicationOf(request))
        return entityReply(request, applicationJson(application), applications)
      },
    },
    { method: 'DELETE', pattern: key, permissions: changeApplications, mutates: true, handler: remove },
  ]),
]

const applicationOf = ({ caller, params }: GraphRequest): Application => findByEitherId(caller.applications, params)

function remove(request: GraphRequest): GraphReply {
  const { engine, tenant } = request
  const application = changeable(request, applicationOf(request))
  const principal = tenant.servicePrincipals.find(({ appId }) => appId === application.appId)
  deleteApplication(engine.world, tenant, application, engine.now())
  audited(request, (story, by) => [
    applicationChanged(story, by, 'Delete application.', application),
    ...(principal ? [principalChanged(story, by, 'Remove service principal.', principal)] : []),
  ])
  return noContent()
}

export function applicationJson(application: Application): Json {
  const { id, appId, displayName, createdDateTime, api, secrets, certificates = [] } = application
  return {
    id,
    deletedDateTime: null,
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
      requestedAccessTokenVersion: api ? 2 : null,
    },
    appId,
    appRoles: (api?.appRoles ?? []).map(appRoleJson),
    createdDateTime,
    description: null,
    disabledByMicrosoftStatus: null,
    displayName,
    identifierUris: api ? [`api://${appId}`] : [],
    info: { logoUrl: null, marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
    isDisabled: null,
    keyCredentials: certificates.map((certificate) => ({
      ...credential(appId, certificate),
      type: 'AsymmetricX509Cert',
      usage: 'Verify',
      key: null,
    })),
    passwordCredentials: secrets.map((secret) => ({
      ...credential(appId, secret),
      hint: secret.slice(0, 3),
      secretText: null,
    })),
    publicClient: { redirectUris: [] },
    publisherDomain: null,
    requiredResourceAccess: application.requiredResourceAccess.map(resourceAccessJson),
    signInAudience: application.multiTenant ? 'AzureADMultipleOrgs' : 'AzureADMyOrg',
    spa: { redirectUris: [] },
    tags: application.tags,
    verifiedPublisher: publisherJson(application),
    web: { homePageUrl: null, logoutUrl: null, redirectUris: application.redirectUris },
  }
}

/** What Graph tells of a secret: everything but itself. */
const credential = (appId: string, value: string): Json => ({
  customKeyIdentifier: null,
  displayName: null,
  keyId: guid(appId, 'credential', value),
  startDateTime: '2025-03-03T08:00:00Z',
  endDateTime: '2027-03-03T08:00:00Z',
})

function resourceAccessJson(access: Application['requiredResourceAccess'][number]): Json {
  const resource = microsoftResource(access.resourceAppId)
  const entries = (names: readonly string[], ids: Record<string, string> = {}, type: 'Role' | 'Scope'): Json[] =>
    names.flatMap((name) => (ids[name] ? [{ id: ids[name], type }] : []))
  return {
    resourceAppId: access.resourceAppId,
    resourceAccess: [
      ...entries(access.application, resource?.application, 'Role'),
      ...entries(access.delegated, resource?.delegated, 'Scope'),
    ],
  }
}
