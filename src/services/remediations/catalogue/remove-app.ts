import { z } from 'zod'
import { UpstreamError } from '../../../clients/errors.ts'
import type { GraphClient } from '../../../clients/types.ts'
import type { ApplicationFact } from '../../facts/application.ts'
import type { GreyedOutCode } from '../codes.ts'
import { available, defineRemediation, greyedOut } from '../contract.ts'
import { onEvents } from '../offered.ts'

const notRemovable: Partial<Record<ApplicationFact['kind'], GreyedOutCode>> = {
  OWN: 'OWN_APP',
  MICROSOFT: 'MICROSOFT_APP',
  MANAGED_IDENTITY: 'MANAGED_IDENTITY',
}

/** The app's presence first; deleting the registration would take it along. */
const pathsOf = ({ servicePrincipal, registration }: ApplicationFact): string[] => [
  ...(servicePrincipal ? [`/servicePrincipals/${servicePrincipal.id}`] : []),
  ...(registration ? [`/applications/${registration.id}`] : []),
]

const kept = z.object({
  servicePrincipal: z.object({ id: z.string() }).nullable(),
  application: z.object({ id: z.string() }).nullable(),
})

/** A6. Rules B3, B8, B28. The client app, never the API that it got access to. */
export const removeApp = defineRemediation({
  kind: 'REMOVE_APP',
  group: 'REMOVE_APP',
  actsOn: 'APPLICATION',
  offeredOn: onEvents('USER_CONSENTED_TO_APP', 'TEAMS_APP_INSTALLED', 'APPLICATION_PERMISSIONS_CHANGED'),
  needs: ['application'],
  permissions: { application: ['Application.ReadWrite.All'] },
  title: 'Remove app',
  effect:
    'Removes the application from the organisation with everything that it was granted: the enterprise application and, where this tenant owns it, its app registration.',
  limits:
    'Access tokens that are already out live on for up to 90 minutes. Users can consent to the app again, unless user consent is turned off in the Entra admin center ("Enterprise applications", "Consent and permissions").',
  impact: 'HIGH',
  recommended: false,
  reversible: true,
  howToUndo:
    'Within 30 days. An app registration: Entra admin center, "App registrations", "Deleted applications", "Restore". That does not bring back the enterprise application: restore it afterwards by its own object id (Microsoft Graph, POST /directory/deletedItems/{id}/restore), and look whether all grants came back: the evidence lists them.',
  assess({ application }) {
    const code = notRemovable[application.kind]
    return code ? greyedOut(code) : available(['TOKENS_LIVE_ON'])
  },
  tells({ application: { access, registration, servicePrincipal } }) {
    return {
      applicationAccess: [...(access?.permissions ?? [])],
      remarks: [
        ...(access === null ? ['What the app may do now could not be read: it is not kept as evidence.'] : []),
        ...(registration === null
          ? ['The app is registered in another organisation: its registration there stays.']
          : ['The app is registered in this tenant: the registration goes as well.']),
        ...(servicePrincipal === null
          ? ['The app has no presence in the tenant any more: only its registration is left.']
          : []),
      ],
    }
  },
  calls: ({ application }) => pathsOf(application).map((path) => ({ service: 'GRAPH', method: 'DELETE', path })),
  evidence: ({ application: { appId, displayName, servicePrincipal, registration, access } }) => ({
    appId,
    displayName,
    servicePrincipal: servicePrincipal?.definition ?? null,
    application: registration?.definition ?? null,
    oauth2PermissionGrants: access?.oauth2PermissionGrants ?? null,
    appRoleAssignments: access?.appRoleAssignments ?? null,
  }),
  async apply({ graph }, { application }) {
    let requestId: string | null = null
    for (const path of pathsOf(application)) {
      try {
        requestId = (await graph.delete(path, { repeatable: true })).requestId
      } catch (error) {
        if (!(error instanceof UpstreamError) || error.kind !== 'NOT_FOUND') throw error
        requestId ??= error.requestId
      }
    }
    return requestId
  },
  async confirm({ graph }, _subject, { evidence }) {
    const { servicePrincipal, application } = kept.parse(evidence)
    const gone = await Promise.all([
      servicePrincipal === null || isGone(graph, `/servicePrincipals/${servicePrincipal.id}`),
      application === null || isGone(graph, `/applications/${application.id}`),
    ])
    return gone.every(Boolean)
  },
  describe({ application: { displayName, servicePrincipal, registration } }) {
    const objects = [
      ...(servicePrincipal ? [`enterprise application ${servicePrincipal.id}`] : []),
      ...(registration ? [`app registration ${registration.id}`] : []),
    ]
    return `Removed the app "${displayName}" (${objects.join(', ')})`
  },
  afterwards:
    'Both objects can be restored by their ids for 30 days; restoring the app registration does not bring back the enterprise application. Look at who consented, too: the account may be compromised.',
})

async function isGone(graph: GraphClient, path: string): Promise<boolean> {
  try {
    await graph.get(`${path}?$select=id`, { fresh: true })
    return false
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'NOT_FOUND') return true
    throw error
  }
}
