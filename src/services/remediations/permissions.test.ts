/** B19: what an entry declares is what Microsoft asks for, no more and no less. The simulated tenant grants exactly that. */
import { afterEach, describe, expect, test } from 'vitest'
import { aScene, block, remove, type Scene } from '../../../test/support/remediations.ts'
import { targetOf } from '../../../test/support/targets.ts'
import { Refusal } from '../refusals.ts'
import { catalogue } from './catalogue/index.ts'
import { type CatalogueEntry, least, leastPermissions } from './contract.ts'

let scene: Scene
afterEach(() => scene.close())

/** What reading the tenant's grants and roles takes, whatever is done (health). */
const ownNeeds = ['Application.Read.All', 'RoleManagement.Read.Directory', 'GroupMember.Read.All', 'User.Read.All']

async function attempt(entry: CatalogueEntry, without: string | null = null) {
  const granted = [...new Set([...ownNeeds, ...leastPermissions(entry)])].filter((name) => name !== without)
  const delegated = (entry.permissions.delegated ?? []).map(least).filter((name) => name !== without)
  const target = targetOf(entry.kind)
  scene = await aScene({
    people: [...target.people],
    permissions: granted,
    delegated: [...delegated, ...(target.signedIn ? ['User.Read.All'] : [])],
    change: target.change ?? (() => {}),
  })
  const ctx = await scene.as()
  if (target.signedIn) await scene.signIn(ctx, target.signedIn)
  const event = await scene.anEventOf(target.type, target.subject(scene.tenant))
  if (target.group !== 'BLOCK_USER') return remove(ctx, event, target.group)
  const delivery = entry.makesPassword ? { onScreen: true, emailMe: false, emailOperatorIds: [] } : null
  return block(ctx, event, [entry.kind], undefined, delivery)
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
    (entry.permissions.delegated ?? []).map(least).map((missing) => [entry.kind, missing, entry] as const),
  )

test.each(delegatedNeeds)(
  'B18 %s without the delegated %s asks for consent, and nothing is sent',
  async (_kind, missing, entry) => {
    const refusal: unknown = await attempt(entry, missing).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'ADMIN_CONSENT_REQUIRED', missingPermissions: [missing] })
    expect(scene.writes()).toEqual([])
  },
)
