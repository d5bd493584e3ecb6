/** B19: what an entry declares is what Microsoft asks for, no more and no less. The simulated tenant grants exactly that. */
import { afterEach, describe, expect, test } from 'vitest'
import { aScene, block, remove, type Scene } from '../../../test/support/remediations.ts'
import { subjectOf, type Target, targetsOf } from '../../../test/support/targets.ts'
import { Refusal } from '../refusals.ts'
import { assessmentOf } from './assess.ts'
import { catalogue, entryOf } from './catalogue/index.ts'
import { type CatalogueEntry, least, leastPermissions, type NeededPermission, neededPermissions } from './contract.ts'

let scene: Scene
afterEach(() => scene.close())

/** What reading the tenant's grants and roles takes, whatever is done (health). */
const ownNeeds = ['Application.Read.All', 'RoleManagement.Read.Directory']

interface Change {
  without?: string
  instead?: string
}

const changed = (names: readonly string[], { without, instead }: Change): string[] => [
  ...new Set(names.map((name) => (name === without ? (instead ?? '') : name)).filter((name) => name !== '')),
]

async function attempt(
  entry: CatalogueEntry,
  target: Target,
  { application = {}, delegated = {} }: { application?: Change; delegated?: Change } = {},
) {
  scene = await aScene({
    people: structuredClone([...target.people]),
    permissions: changed([...ownNeeds, ...leastPermissions(entry, subjectOf(target))], application),
    delegated: [
      ...changed((entry.permissions.delegated ?? []).map(least), delegated),
      ...(target.signedIn && delegated.without !== 'User.Read.All' ? ['User.Read.All'] : []),
    ],
    change: target.change ?? (() => {}),
  })
  const ctx = await scene.as()
  if (target.signedIn) await scene.signIn(ctx, target.signedIn)
  const event = await scene.anEventOf(target.type, target.subject(scene.tenant))
  if (target.group !== 'BLOCK_USER') return remove(ctx, event, target.group)
  const delivery = entry.makesPassword ? { onScreen: true, emailMe: false, emailOperatorIds: [] } : null
  return block(ctx, event, [entry.kind], undefined, delivery)
}

const done = { status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }] }

/** What also does in the place of the least one. */
const alternatives = (needs: readonly NeededPermission[]): [instead: string, without: string][] =>
  needs
    .flatMap((needed) => (typeof needed === 'string' ? [] : needed.slice(1).map((name) => [name, needed[0]] as const)))
    .map(([instead, without]) => [instead, without])

const cases = catalogue.flatMap((entry) =>
  targetsOf(entry.kind).map(
    (target) => [[entry.kind, target.variant].filter(Boolean).join(', '), entry, target] as const,
  ),
)

describe.each(cases)('%s', (_name, entry, target) => {
  const needs = neededPermissions(entry, subjectOf(target))

  test('works with exactly what it declares', async () => {
    expect(await attempt(entry, target)).toMatchObject(done)
  })

  test.each(needs.map(least))('without %s it is refused, and nothing is sent', async (without) => {
    const refusal: unknown = await attempt(entry, target, { application: { without } }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Refusal)
    expect(refusal).toMatchObject({ message: expect.stringContaining(without) })
    expect(scene.writes()).toEqual([])
  })

  test.each(alternatives(needs))('%s does in the place of %s', async (instead, without) => {
    expect(await attempt(entry, target, { application: { without, instead } })).toMatchObject(done)
  })
})

describe.each(cases.filter(([, , { signedIn }]) => signedIn))('B18 %s', (_name, entry, target) => {
  const needs = entry.permissions.delegated ?? []

  test.each(needs.map(least))('without the delegated %s asks for consent, and nothing is sent', async (without) => {
    const refusal: unknown = await attempt(entry, target, { delegated: { without } }).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'ADMIN_CONSENT_REQUIRED', missingPermissions: [without] })
    expect(scene.writes()).toEqual([])
  })

  test.each(alternatives(needs))('the delegated %s does in the place of %s', async (instead, without) => {
    expect(await attempt(entry, target, { delegated: { without, instead } })).toMatchObject(done)
  })
})

const [, readsGroups] = entryOf('REMOVE_MAILBOX_ACCESS')?.permissions.application ?? []

test.each([readsGroups ?? []].flat())('with %s the groups of a grantee are read', async (permission) => {
  const [target] = targetsOf('REMOVE_MAILBOX_ACCESS')
  if (!target) throw new Error('No target')
  scene = await aScene({
    people: structuredClone([...target.people]),
    permissions: [...ownNeeds, 'Exchange.ManageAsApp', permission],
    change: target.change ?? (() => {}),
  })
  const event = await scene.anEventOf(target.type, target.subject(scene.tenant))
  expect((await assessmentOf(await scene.as(), event)).available).toMatchObject([{ remarks: [] }])
})
