import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import type { GraphClient } from '../../clients/types.ts'
import type { SubjectAttributes, SubjectOf } from '../events/types.ts'
import { type FactReader, type Reading, reading } from './fact.ts'

/** A Teams app where it is installed. */
export interface TeamsAppFact {
  displayName: string
  /** For people, e.g. `the team Marketing`. */
  place: string
  /** Of the installations there, e.g. `/teams/{id}/installedApps`. */
  path: string
  /** Opaque; not the id of the app. */
  installationId: string
  /** Everything that Graph tells of it. */
  definition: Record<string, unknown>
}

const installation = z.looseObject({
  id: z.string(),
  teamsApp: z
    .object({ id: z.string(), externalId: z.string().nullish(), displayName: z.string().nullish() })
    .loose()
    .nullish(),
  teamsAppDefinition: z.object({ teamsAppId: z.string().nullish() }).loose().nullish(),
})

type Place = Pick<SubjectAttributes['TEAMS_APP'], 'scope' | 'scopeId'>

const installedApps = { USER: 'teamwork/installedApps', TEAM: 'installedApps', CHAT: 'installedApps' } as const
const collections = { USER: 'users', TEAM: 'teams', CHAT: 'chats' } as const

export const placePath = ({ scope, scopeId }: Place): string =>
  `/${collections[scope]}/${encodeURIComponent(scopeId)}/${installedApps[scope]}`

const placeName = ({ scope, scopeId, scopeName }: Place & { scopeName?: string }): string =>
  `the ${scope.toLowerCase()} ${scopeName ?? scopeId}`

/**
 * The app where it was installed; records give the id of the catalogue or that of the developer's manifest. Null: not installed there,
 * or there is no such team, chat or person. Throws `UpstreamError`.
 */
export async function readInstallation(
  graph: GraphClient,
  { teamsAppId, ...place }: Place & { teamsAppId: string; scopeName?: string },
  options: { fresh: boolean },
): Promise<TeamsAppFact | null> {
  const path = placePath(place)
  const wanted = teamsAppId.toLowerCase()
  for (const row of (await listOrNone(graph, `${path}?$expand=teamsApp,teamsAppDefinition`, options)) ?? []) {
    const found = installation.parse(row)
    const ids = [found.teamsApp?.id, found.teamsApp?.externalId, found.teamsAppDefinition?.teamsAppId]
    if (!ids.some((id) => id?.toLowerCase() === wanted)) continue
    return {
      displayName: found.teamsApp?.displayName ?? teamsAppId,
      place: placeName(place),
      path,
      installationId: found.id,
      definition: found,
    }
  }
  return null
}

async function listOrNone(graph: GraphClient, path: string, options: { fresh: boolean }): Promise<unknown[]> {
  try {
    return await graph.list(path, options)
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'NOT_FOUND') return []
    throw error
  }
}

/** One read for each team, chat or person, all in one wave. Keys are subject ids. */
export async function loadTeamsApps(
  { session, tenantId, fresh }: FactReader,
  subjects: readonly SubjectOf<'TEAMS_APP'>[],
): Promise<Map<string, Reading<TeamsAppFact | null>>> {
  const { graph } = session.tenant(tenantId)
  const readings = subjects.map(
    async ({ id, attributes }) => [id, await reading(() => readInstallation(graph, attributes, { fresh }))] as const,
  )
  return new Map(await Promise.all(readings))
}
