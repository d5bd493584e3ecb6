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

type Part = 'servicePrincipal' | 'application'

interface PartOfApp {
  part: Part
  path: string
}

/** The app's presence first: it is what acts in the tenant. */
const partsOf = ({ servicePrincipal, registration }: ApplicationFact): PartOfApp[] => [
  ...(servicePrincipal
    ? [{ part: 'servicePrincipal' as const, path: `/servicePrincipals/${servicePrincipal.id}` }]
    : []),
  ...(registration ? [{ part: 'application' as const, path: `/applications/${registration.id}` }] : []),
]

/** `removed`: what Microsoft said it deleted. */
const evidenceOf = (
  { appId, displayName, servicePrincipal, registration, access }: ApplicationFact,
  removed: readonly Part[],
) => ({
  appId,
  displayName,
  servicePrincipal: servicePrincipal?.definition ?? null,
  application: registration?.definition ?? null,
  oauth2PermissionGrants: access?.oauth2PermissionGrants ?? null,
  appRoleAssignments: access?.appRoleAssignments ?? null,
  removed,
})

const kept = z.object({
  servicePrincipal: z.object({ id: z.string() }).nullable(),
  application: z.object({ id: z.string() }).nullable(),
  removed: z.array(z.string()),
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
  calls: ({ application }) => partsOf(application).map(({ path }) => ({ service: 'GRAPH', method: 'DELETE', path })),
  evidence: ({ application }) => evidenceOf(application, []),
  async apply({ graph }, { application }, { keep }) {
    const removed: Part[] = []
    let requestId: string | null = null
    let failure: UpstreamError | null = null
    for (const { part, path } of partsOf(application)) {
      try {
        requestId = (await graph.delete(path, { repeatable: true })).requestId
        removed.push(part)
        keep(evidenceOf(application, removed))
        // A registration takes the presence of its own tenant along, whatever became of that before.
        failure = null
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error
        if (error.kind === 'NOT_FOUND') requestId ??= error.requestId
        else failure = error.withMayHaveActed(error.mayHaveActed || failure?.mayHaveActed === true)
      }
    }
    if (failure) throw failure
    return requestId
  },
  doneInPart(evidence) {
    return kept.safeParse(evidence).data?.removed.at(-1) === 'servicePrincipal'
      ? 'The enterprise application is removed, so that the app cannot act in the tenant any more; its app registration is left.'
      : null
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
    'What was removed can be restored for 30 days, by the ids in the evidence; restoring an app registration does not bring back the enterprise application. Look at who consented, too: the account may be compromised.',
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
