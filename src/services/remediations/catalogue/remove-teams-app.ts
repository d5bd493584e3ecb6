import { UpstreamError } from '../../../clients/errors.ts'
import type { SubjectAttributes } from '../../events/types.ts'
import { readInstallation } from '../../facts/teams-app.ts'
import { available, defineRemediation } from '../contract.ts'
import { onEvents } from '../offered.ts'
import { StepFailure } from '../step-failure.ts'

const permissionIn: Record<SubjectAttributes['TEAMS_APP']['scope'], string> = {
  TEAM: 'TeamsAppInstallation.ReadWriteForTeam.All',
  CHAT: 'TeamsAppInstallation.ReadWriteForChat.All',
  USER: 'TeamsAppInstallation.ReadWriteForUser.All',
}

/** A7. Rules B3, B8, B29. From the team, the chat or the person that the event is about; Microsoft has no call that removes it everywhere. */
export const removeTeamsApp = defineRemediation({
  kind: 'REMOVE_TEAMS_APP',
  group: 'REMOVE_APP',
  actsOn: 'TEAMS_APP',
  offeredOn: onEvents('TEAMS_APP_INSTALLED'),
  needs: ['teamsApp'],
  permissions: {
    application: Object.values(permissionIn),
    applicationFor: ({ attributes: { scope } }) => [permissionIn[scope]],
  },
  title: 'Remove Teams app',
  effect: 'Uninstalls the app from the team, the chat or the person that it was installed for.',
  limits:
    'It stays installed elsewhere and can be installed again. To keep it out: Teams admin center, "Teams apps", "Manage apps", open the app, "Block", or take it out of the app permission policies. An identity that it has in Entra keeps its permissions: remove that app as well.',
  impact: 'MEDIUM',
  recommended: false,
  reversible: true,
  howToUndo: 'Install the app again where it was: in Teams under "Apps", or in the Teams admin center.',
  assess: () => available(),
  calls: ({ teamsApp: { path, installationId } }) => [
    { service: 'GRAPH', method: 'DELETE', path: `${path}/${installationId}` },
  ],
  evidence: ({ teamsApp: { path, definition } }) => ({ installedIn: path, installation: definition }),
  async apply({ graph }, { teamsApp: { path, installationId } }) {
    try {
      return (await graph.delete(`${path}/${encodeURIComponent(installationId)}`, { repeatable: true })).requestId
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      if (error.kind === 'NOT_FOUND') return error.requestId
      if (error.upstreamCode === 'AppIsTenantAdminPreinstalled')
        throw new StepFailure('TEAMS_APP_PREINSTALLED', error.requestId)
      throw error
    }
  },
  confirm: async ({ graph }, { attributes }) => (await readInstallation(graph, attributes, { fresh: true })) === null,
  describe: ({ teamsApp: { displayName, place } }) => `Removed the Teams app "${displayName}" from ${place}`,
  afterwards:
    'Block the app in the Teams admin center ("Teams apps", "Manage apps") to keep it from being installed again.',
})
