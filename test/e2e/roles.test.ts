/** What each role opens by itself, for every field that the schema begins with: what is not said in the rows is refused. */
import { getNamedType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Role, roles } from '../../src/context.ts'
import { schema } from '../../src/schema/index.ts'
import { type Outcome, rows } from '../support/role-rows.ts'
import { aRoleScene, type RoleScene } from '../support/role-scene.ts'

let scene: RoleScene
beforeAll(async () => {
  scene = await aRoleScene()
})
afterAll(() => scene?.close())

test('every field that a document can begin with has its line, and so has what a tenant and the viewer show', () => {
  const begins = ['Query', 'Mutation', 'Subscription', 'Tenant', 'Viewer'].flatMap((name) => {
    const type = getNamedType(schema.getType(name))
    return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${name}.${field}`) : []
  })
  expect([...new Set(rows.map(({ field }) => field))].toSorted()).toEqual(begins.toSorted())
})

describe.each(rows.map((row) => ({ ...row, title: [row.field, row.about].filter(Boolean).join(', ') })))(
  '$title',
  ({ ask, needs, given, unseen, elsewhere = unseen }) => {
    const needed = needs.map(([role]) => role)
    const answerTo = (held: readonly Role[]): Outcome => {
      if (held.length === 0) return unseen
      return needs.find(([role]) => !held.includes(role))?.[1] ?? given
    }
    const short = [
      ...roles.map((role) => [role]),
      ...needed.map((role) => roles.filter((other) => other !== role)),
    ].filter((held) => answerTo(held) !== given || needed.length === 0)

    test('is refused to each role alone that does not suffice, to all but a needed one, to none, and to another tenant’s', async () => {
      const writes = scene.writes()
      const callers = [
        ...short.map((held) => [held.join(' '), scene.aPerson(held), answerTo(held)] as const),
        ['no role', scene.aPerson([]), unseen] as const,
        ['all roles in another tenant', scene.aStranger(), elsewhere] as const,
      ]
      const answers = []
      for (const [who, as] of callers) answers.push([who, await ask(scene, as)])
      expect(answers).toEqual(callers.map(([who, , expected]) => [who, expected]))
      expect(scene.writes()).toBe(writes)
    })

    if (needed.length === 0) return
    test(`is answered to ${needed.join(' and ')}`, async () => {
      expect(await ask(scene, scene.aPerson(needed))).toBe(given)
    })
  },
)
