/** B19: what an entry declares is what Microsoft asks for, no more and no less. The simulated tenant grants exactly that. */
import { afterEach, describe, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { anInboxRule } from '../../../simulator/inbox-rules.ts'
import { aScene, block, type Scene } from '../../../test/support/remediations.ts'
import { Refusal } from '../refusals.ts'
import { catalogue } from './catalogue/index.ts'
import { type CatalogueEntry, leastPermissions } from './contract.ts'

let scene: Scene
afterEach(() => scene.close())

const leastOf = (needs: readonly (string | readonly [string, ...string[]])[]): string[] =>
  needs.map((needed) => (typeof needed === 'string' ? needed : needed[0]))

/** What reading the tenant's grants and roles takes, whatever is done (health). */
const ownNeeds = ['Application.Read.All', 'RoleManagement.Read.Directory', 'GroupMember.Read.All', 'User.Read.All']

async function attempt(entry: CatalogueEntry, without: string | null = null) {
  const granted = [...new Set([...ownNeeds, ...leastPermissions(entry)])].filter((name) => name !== without)
  const delegated = leastOf(entry.permissions.delegated ?? []).filter((name) => name !== without)
  scene = await aScene({
    people: [
      person('Ada', {
        mailbox: { forwardingSmtpAddress: 'smtp:ada@example.net', inboxRules: [anInboxRule({}, 'Ada')] },
      }),
      person('Pia', { roles: ['Privileged Authentication Administrator'] }),
    ],
    permissions: granted,
    delegated: [...delegated, ...(entry.makesPassword ? ['User.Read.All'] : [])],
  })
  const ctx = await scene.as()
  if (entry.makesPassword) await scene.signIn(ctx, 'Pia')
  const delivery = entry.makesPassword ? { onScreen: true, emailMe: false, emailOperatorIds: [] } : null
  return block(ctx, await scene.anEventAbout('Ada'), [entry.kind], undefined, delivery)
}

describe.each(catalogue.map((entry) => [entry.kind, entry] as const))('%s', (_kind, entry) => {
  test('works with exactly what it declares', async () => {
    expect(await attempt(entry)).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }] })
  })

  test.each(leastPermissions(entry))('without %s it is refused, and nothing is sent', async (missing) => {
    const refusal: unknown = await attempt(entry, missing).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Refusal)
    expect(refusal).toMatchObject({ message: expect.stringContaining(missing) })
    expect(scene.writes()).toEqual([])
  })
})

const delegatedNeeds = catalogue
  .filter(({ makesPassword }) => makesPassword)
  .flatMap((entry) =>
    leastOf(entry.permissions.delegated ?? []).map((missing) => [entry.kind, missing, entry] as const),
  )

test.each(delegatedNeeds)(
  'B18 %s without the delegated %s asks for consent, and nothing is sent',
  async (_kind, missing, entry) => {
    const refusal: unknown = await attempt(entry, missing).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'ADMIN_CONSENT_REQUIRED', missingPermissions: [missing] })
    expect(scene.writes()).toEqual([])
  },
)
