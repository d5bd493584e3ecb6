import { z } from 'zod'
import { available, defineRemediation } from '../contract.ts'
import { isAboutAUser } from '../offered.ts'
import { isOfThisChange, nextMoment, objectIdOf, readSessionsValidFrom } from '../read-back.ts'

const keptEvidence = z.object({ before: z.object({ signInSessionsValidFromDateTime: z.string().nullable() }) })

/** A2. Rules B10, B11 (app-only, whatever the target's rank), B22, B25. */
export const revokeSessions = defineRemediation({
  kind: 'REVOKE_SESSIONS',
  group: 'BLOCK_USER',
  actsOn: 'USER',
  offeredOn: isAboutAUser,
  needs: ['user'],
  permissions: {
    application: [
      ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
      ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    ],
  },
  title: 'Revoke sessions',
  effect: 'Ends all sessions of the user: every app and browser has to sign in again within minutes.',
  limits:
    'Alone it keeps nobody out: whoever knows the password signs in again. Combine it with disabling the user or resetting the password.',
  impact: 'MEDIUM',
  recommended: true,
  reversible: false,
  howToUndo: null,
  assess: ({ user }) =>
    available([...(user.isGuest ? (['GUEST_SIGNS_IN_ELSEWHERE'] as const) : []), 'CANNOT_BE_UNDONE', 'TOKENS_LIVE_ON']),
  calls: ({ user }) => [{ service: 'GRAPH', method: 'POST', path: `/users/${user.id}/revokeSignInSessions` }],
  evidence: ({ user }) => ({
    before: { signInSessionsValidFromDateTime: user.signInSessionsValidFrom?.toISOString() ?? null },
  }),
  async apply({ graph }, { user }, { now }) {
    await nextMoment(user.signInSessionsValidFrom, now())
    const path = `/users/${encodeURIComponent(user.id)}/revokeSignInSessions`
    return (await graph.post(path, {}, { repeatable: true })).requestId
  },
  async confirm({ graph }, subject, { startedAt, evidence }) {
    const before = keptEvidence.safeParse(evidence).data?.before.signInSessionsValidFromDateTime ?? null
    return isOfThisChange(await readSessionsValidFrom(graph, objectIdOf(subject)), before, startedAt)
  },
  describe: ({ user }) => `Revoked all sessions of ${user.displayName} (${user.userPrincipalName})`,
  afterwards: null,
})
