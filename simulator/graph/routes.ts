import { applicationRoutes } from './applications.ts'
import { deletedItemRoutes } from './deleted-items.ts'
import { directoryObjectRoutes } from './directory-objects.ts'
import { groupRoutes } from './groups.ts'
import { mailboxSettingsRoutes } from './mailbox-settings.ts'
import { membershipRoutes } from './memberships.ts'
import { messageRuleRoutes } from './message-rules.ts'
import { organizationRoutes } from './organization.ts'
import { partnerRoutes } from './partner-relationships.ts'
import { passwordRoutes } from './passwords.ts'
import { permissionGrantRoutes } from './permission-grants.ts'
import { betaRoleRoutes, roleRoutes } from './roles.ts'
import type { Route } from './route.ts'
import { servicePrincipalRoutes } from './service-principals.ts'
import { teamsAppRoutes } from './teams-apps.ts'
import { teamsCatalogRoutes } from './teams-catalog.ts'
import { userRoutes } from './users.ts'

export type Version = 'v1.0' | 'beta'

export const routesOf: Record<Version, readonly Route[]> = {
  'v1.0': [
    ...userRoutes,
    ...membershipRoutes,
    ...mailboxSettingsRoutes,
    ...messageRuleRoutes,
    ...passwordRoutes,
    ...directoryObjectRoutes,
    ...groupRoutes,
    ...roleRoutes,
    ...servicePrincipalRoutes,
    ...permissionGrantRoutes,
    ...applicationRoutes,
    ...deletedItemRoutes,
    ...teamsAppRoutes,
    ...teamsCatalogRoutes,
    ...organizationRoutes,
    ...partnerRoutes,
  ],
  beta: betaRoleRoutes,
}
