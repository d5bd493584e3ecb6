import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { UpstreamError } from '../../../clients/errors.ts'
import type { GraphClient } from '../../../clients/types.ts'
import type { Secret } from '../../passwords/secret.ts'
import { type ApplyTools, available, defineRemediation, greyedOut } from '../contract.ts'
import { isAboutAUser } from '../offered.ts'
import { isOfThisChange, nextMoment, objectIdOf, readLastPasswordChange } from '../read-back.ts'
import { StepFailure } from '../step-failure.ts'

/** The password method has the same id for everybody (reference, section 3b). */
const passwordMethodId = '28c10230-6103-485e-b985-444c60001490'

const keptEvidence = z.object({ before: z.object({ lastPasswordChangeDateTime: z.string().nullable() }) })

/** A5. Rules B12, B16, B17, B23. Never sent twice: what became of it is found out by reading. */
export const resetPassword = defineRemediation({
  kind: 'RESET_PASSWORD',
  group: 'BLOCK_USER',
  actsOn: 'USER',
  offeredOn: isAboutAUser,
  needs: ['user', 'passwordHome'],
  permissions: {
    application: [
      ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
      ['Domain.Read.All', 'Directory.Read.All'],
    ],
    delegated: [
      ['User-PasswordProfile.ReadWrite.All', 'Directory.AccessAsUser.All'],
      'UserAuthenticationMethod.ReadWrite.All',
    ],
  },
  title: 'Reset password',
  effect: 'Sets a temporary password, which is shown or sent once; the user has to change it at the next sign-in.',
  limits: 'Sessions that are open stay open: revoke them as well.',
  impact: 'HIGH',
  recommended: true,
  reversible: false,
  howToUndo: null,
  assess({ passwordHome }) {
    if (passwordHome === 'GUEST') return greyedOut('GUEST_USER')
    if (passwordHome === 'FEDERATED') return greyedOut('FEDERATED_USER')
    const warnings = ['CANNOT_BE_UNDONE', 'TOKENS_LIVE_ON'] as const
    return available(passwordHome === 'SYNCHRONISED' ? ['PASSWORD_WRITEBACK_NEEDED', ...warnings] : [...warnings], {
      needsPrivilegedSignIn: true,
    })
  },
  calls: ({ user, passwordHome }) => [
    passwordHome === 'SYNCHRONISED'
      ? { service: 'GRAPH', method: 'POST', path: resetPath(user.id) }
      : { service: 'GRAPH', method: 'PATCH', path: `/users/${user.id}` },
  ],
  repeatable: false,
  makesPassword: true,
  evidence: ({ user }) => ({
    before: { lastPasswordChangeDateTime: user.lastPasswordChange?.toISOString() ?? null },
  }),
  async apply({ graph }, { user, passwordHome }, tools) {
    await nextMoment(user.lastPasswordChange, tools.now())
    const password = tools.newPassword()
    try {
      if (passwordHome === 'SYNCHRONISED') return await resetOnPremises(graph, user.id, password, tools)
      const passwordProfile = { password: password.reveal(), forceChangePasswordNextSignIn: true }
      const { requestId } = await graph.patch(`/users/${encodeURIComponent(user.id)}`, { passwordProfile })
      return requestId
    } catch (error) {
      // The body is well-formed: a 400 is the tenant's policy.
      if (error instanceof UpstreamError && error.kind === 'BAD_REQUEST')
        throw new StepFailure('PASSWORD_POLICY', error.requestId)
      throw error
    }
  },
  async confirm({ graph }, subject, { startedAt, evidence }) {
    const before = keptEvidence.safeParse(evidence).data?.before.lastPasswordChangeDateTime ?? null
    return isOfThisChange(await readLastPasswordChange(graph, objectIdOf(subject)), before, startedAt)
  },
  describe: ({ user }) => `Reset the password of ${user.displayName} (${user.userPrincipalName})`,
  afterwards: 'The user has to change the password at the next sign-in. Keep a close eye on the account.',
})

const resetPath = (objectId: string) => `/users/${objectId}/authentication/methods/${passwordMethodId}/resetPassword`

const operation = z.object({ status: z.string().toLowerCase() })

/** Password writeback goes on after the answer: asked until it has ended, cannot be asked any more, or the time is up. */
async function resetOnPremises(
  graph: GraphClient,
  objectId: string,
  password: Secret,
  tools: ApplyTools,
): Promise<string | null> {
  const { requestId, location } = await graph.post(resetPath(encodeURIComponent(objectId)), {
    newPassword: password.reveal(),
  })
  const until = tools.now().getTime() + tools.timing.passwordPollWithinMs
  while (location && tools.now().getTime() < until) {
    await sleep(tools.timing.passwordPollMs)
    const status = await statusOf(graph, location)
    if (status === 'succeeded' || status === null) return requestId
    if (status === 'failed') throw new StepFailure('PASSWORD_WRITEBACK_FAILED', requestId)
  }
  return requestId
}

/** Null when it cannot be read: that says nothing about the reset, which was accepted. */
async function statusOf(graph: GraphClient, location: string): Promise<string | null> {
  try {
    return operation.safeParse((await graph.get(location, { fresh: true })).body).data?.status ?? null
  } catch (error) {
    if (error instanceof UpstreamError) return null
    throw error
  }
}
