import type { Classifier, RecordContext } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import type { CandidateOf } from '../identities.ts'
import { addressee, calling, user } from '../identities.ts'
import { guid } from '../ids.ts'
import { graded } from '../severities.ts'
import { plain, quoted, storable } from '../text.ts'
import type { SubjectAttributes, SubjectCandidate } from '../types.ts'
import { application } from './apps.ts'

const installations = new Set(['appinstalled', 'botaddedtoteam', 'connectoradded', 'tabadded'])

/** An app came into a team, a chat or a person's Teams. Upgrades and removals are no installation. */
export const teamsAppInstalled: Classifier = (context) => {
  const { record } = context
  if (!installations.has(record.operation) || !context.happened) return null
  const installedFor = userInstalledFor(context)
  const app = teamsApp(context, installedFor)
  const appId = guid(record.AzureADAppId)
  const entraApp = appId === undefined ? null : application({ appId, displayName: record.AddOnName })
  const subjects: SubjectCandidate[] = [app, entraApp, installedFor].filter((subject) => subject !== null)
  const name = record.AddOnName === undefined ? 'an app' : quoted(record.AddOnName)
  const isSideloaded = /sideload/i.test(record.AppDistributionMode ?? '')
  const reasons = [isSideloaded ? 'The app was uploaded by hand and comes from no catalogue.' : 'The app is new here.']
  const entraGround = appId === undefined ? 'FROM_CATALOGUE' : 'ENTRA_IDENTITY'
  if (appId !== undefined) reasons.push('It has an identity in Entra and may hold permissions of its own.')
  return {
    ...graded('TEAMS_APP_INSTALLED', isSideloaded ? 'UPLOADED_BY_HAND' : entraGround),
    title: `${calling(context.actor)} installed the Teams app ${name}`,
    description: sentence(context, `installed ${name} ${placeOf(context)}`),
    reasons,
    techniques: ['T1671'],
    subjects,
    actionKey: null,
    rank: rank.teamsApp,
  }
}

/** `TargetUserId` is an object id or an address, and absent when people install for themselves. */
function userInstalledFor({ record }: RecordContext): CandidateOf<'USER'> | null {
  const target = record.TargetUserId ?? ''
  const objectId = guid(target)
  return objectId === undefined ? addressee(target, 'TARGET') : user({ objectId }, 'TARGET')
}

function teamsApp(
  { record, actor }: RecordContext,
  installedFor: CandidateOf<'USER'> | null,
): CandidateOf<'TEAMS_APP'> | null {
  const teamsAppId = storable(record.AddOnGuid?.trim().toLowerCase() ?? '', 100)
  if (teamsAppId === '') return null
  const owner = installedFor ?? (actor?.type === 'USER' ? actor : null)
  const place = scopeOf(
    // Graph knows a team by the id of its group; TeamGuid is the id of its general channel.
    guid(record.AADGroupId) ?? record.TeamGuid,
    record.ChatThreadId,
    owner?.attributes.objectId ?? owner?.attributes.userPrincipalName,
  )
  if (place === null) return null
  const appId = guid(record.AzureADAppId)
  const scopeName = place.scope === 'TEAM' ? record.TeamName : undefined
  return {
    type: 'TEAMS_APP',
    role: 'TARGET',
    aliases: [`teamsapp:${teamsAppId}|${place.scope.toLowerCase()}|${place.scopeId.toLowerCase()}`],
    attributes: {
      teamsAppId,
      ...place,
      ...(record.AddOnName === undefined ? {} : { displayName: plain(record.AddOnName) }),
      ...(appId === undefined ? {} : { appId }),
      ...(scopeName === undefined ? {} : { scopeName: plain(scopeName) }),
    },
  }
}

function scopeOf(
  team: string | undefined,
  chat: string | undefined,
  person: string | undefined,
): Pick<SubjectAttributes['TEAMS_APP'], 'scope' | 'scopeId'> | null {
  const present = (id: string | undefined): id is string => id !== undefined && id.trim() !== ''
  if (present(team)) return { scope: 'TEAM', scopeId: storable(team.trim(), 200) }
  if (present(chat)) return { scope: 'CHAT', scopeId: storable(chat.trim(), 200) }
  return present(person) ? { scope: 'USER', scopeId: person } : null
}

function placeOf({ record }: RecordContext): string {
  if (record.TeamName !== undefined && record.TeamName.trim() !== '') return `in the team ${quoted(record.TeamName)}`
  if (record.TeamGuid !== undefined || record.AADGroupId !== undefined) return 'in a team'
  return record.ChatThreadId === undefined ? 'for one person' : 'in a chat'
}
