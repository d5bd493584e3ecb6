import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { GraphClient } from '../../clients/types.ts'
import type { SubjectOf } from '../events/types.ts'

/** The object id under which the run found the user. */
export function objectIdOf({ attributes: { objectId } }: SubjectOf<'USER'>): string {
  if (objectId === undefined) throw new Error('A step on a user is kept with the object id that was found')
  return objectId
}

const enabled = z.object({ accountEnabled: z.boolean() })
const password = z.object({ lastPasswordChangeDateTime: z.string().nullish() })
const sessions = z.object({ signInSessionsValidFromDateTime: z.string().nullish() })

const readProperty = async (graph: GraphClient, objectId: string, property: string): Promise<unknown> =>
  (await graph.get(`/users/${encodeURIComponent(objectId)}?$select=id,${property}`, { fresh: true })).body

/** Whether sign-in is on, read now. Throws `UpstreamError`. */
export const readEnabled = async (graph: GraphClient, objectId: string): Promise<boolean> =>
  enabled.parse(await readProperty(graph, objectId, 'accountEnabled')).accountEnabled

/** When the password was last changed, read now. Throws `UpstreamError`. */
export async function readLastPasswordChange(graph: GraphClient, objectId: string): Promise<Date | null> {
  const { lastPasswordChangeDateTime } = password.parse(
    await readProperty(graph, objectId, 'lastPasswordChangeDateTime'),
  )
  return lastPasswordChangeDateTime ? new Date(lastPasswordChangeDateTime) : null
}

/** Since when sessions are valid, read now. Throws `UpstreamError`. */
export async function readSessionsValidFrom(graph: GraphClient, objectId: string): Promise<Date | null> {
  const { signInSessionsValidFromDateTime } = sessions.parse(
    await readProperty(graph, objectId, 'signInSessionsValidFromDateTime'),
  )
  return signInSessionsValidFromDateTime ? new Date(signInSessionsValidFromDateTime) : null
}

/** The service's clock and ours may differ by some seconds. */
const clockSkewMs = 5_000

/** Whether a change was made after the start: of a moment that was there before it is never said. */
export const isOfThisChange = (moment: Date | null, before: string | null, startedAt: Date): boolean =>
  moment !== null &&
  moment.getTime() >= startedAt.getTime() - clockSkewMs &&
  (before === null || moment.getTime() > Date.parse(before))

/** Such moments have whole seconds: a change in the second of the last one could not be told from it. */
export async function nextMoment(last: Date | null, now: Date): Promise<void> {
  if (last && now.getTime() - last.getTime() < clockSkewMs) await sleep(1_000)
}
