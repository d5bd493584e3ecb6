import type { ServicePrincipal } from './world.ts'

type Given = Pick<ServicePrincipal, 'id' | 'appId' | 'displayName'> & Partial<ServicePrincipal>

/** Enabled, of no known publisher, with neither roles nor owners. */
export const aServicePrincipal = (given: Given): ServicePrincipal => ({
  accountEnabled: true,
  appOwnerOrganizationId: null,
  servicePrincipalType: 'Application',
  appRoles: [],
  oauth2PermissionScopes: [],
  appDisplayName: given.displayName,
  verifiedPublisher: null,
  replyUrls: [],
  tags: [],
  disabledByMicrosoftStatus: null,
  owners: [],
  ...given,
})
