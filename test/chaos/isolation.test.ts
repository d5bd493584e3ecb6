/**
 * Everybody who may call the API asks for what belongs to tenants that they do not see: each field and argument of the schema, with
 * ids, cursors, names and records of others. Each attack has a twin that names what never existed, and is answered alike.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  anAttack,
  isSameAnswer,
  leaksIn,
  type Made,
  type Reply,
  send,
  tenantAskedForConsent,
} from '../support/isolation/attack.ts'
import { type AttackDocument, documentsFor, everythingIn, rootFields } from '../support/isolation/documents.ts'
import { type Samples, samplesOf, tenantTables } from '../support/isolation/samples.ts'
import { anIsolationScene, type IsolationScene, type Persona } from '../support/isolation/scene.ts'
import { changesSince, entriesSince, tracesIn } from '../support/isolation/traces.ts'
import { oneOf } from '../support/isolation/values.ts'
import { ownerSql } from '../support/owner-sql.ts'
import { seeded } from '../support/seeded.ts'

/** All of it, or a sample. One alone: `-t 'seed 17:'`. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const seeds = Array.from({ length: isSoak ? 100 : 10 }, (_, index) => index + 1)
const requestsOfASeed = isSoak ? 500 : 150
const documentsOfAField = isSoak ? 40 : 12
const atOnce = 4

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

let scene: IsolationScene
let samples: Samples
let documents: AttackDocument[][]
const given: Made = new Set()
beforeAll(async () => {
  scene = await anIsolationScene()
  samples = await samplesOf(scene)
  documents = rootFields.map((field) => documentsFor(field, documentsOfAField))
})
afterAll(() => scene?.close())

/** Attacks on each field, and those that were not refused for their form alone. */
const attacksOn = new Map<string, { sent: number; judged: number }>()

function note(field: string, { body }: Reply): void {
  const { sent, judged } = attacksOn.get(field) ?? { sent: 0, judged: 0 }
  const isForm = /BAD_USER_INPUT|INVALID_INPUT|"InvalidInputError"|QUERY_TOO_COMPLEX|UNAUTHENTICATED/.test(body)
  attacksOn.set(field, { sent: sent + 1, judged: judged + (isForm ? 0 : 1) })
}

/** Everybody in turn; those who are not let in share one place. */
function personaOf(seed: number): Persona {
  const { personas, refused } = scene
  return personas[seed % (personas.length + 1)] ?? oneOf(seeded(seed), refused)
}

test('every tenant holds rows of every table, subjects and events of every type', async () => {
  const { database, marked } = scene
  for (const { tenant } of marked) {
    for (const table of await tenantTables(database)) {
      if (table === 'operator') continue
      const rows = await ownerSql(database, `select from ${table} where tenant_id = '${tenant.id}' limit 1`)
      expect(rows, `${table} of ${tenant.displayName}`).toHaveLength(1)
    }
    const types = await ownerSql(database, `select distinct type from subject where tenant_id = '${tenant.id}'`)
    expect(types).toHaveLength(9)
  }
})

test.each(seeds)(
  'seed %i: nothing of another tenant is told, changed or asked of Microsoft, and what exists is answered as what does not',
  async (seed) => {
    const chance = seeded(seed)
    const persona = personaOf(seed)
    const foreign = scene.marked.filter(({ word }) => !persona.sees.includes(word)).map(({ tenant }) => tenant.id)
    const attacks = Array.from({ length: requestsOfASeed / 2 }, () =>
      anAttack(oneOf(chance, oneOf(chance, documents)), persona, samples, chance, given),
    )
    const before = await tracesIn(scene)
    let consentsAsked = 0
    for (let next = 0; next < attacks.length; next += atOnce) {
      const answered = await Promise.all(
        attacks.slice(next, next + atOnce).map(async (attack, index) => {
          const requestId = `attack-${seed}-${next + index}`
          const [real, unreal] = await Promise.all([
            send(scene, persona, attack, attack.variables.real, requestId),
            send(scene, persona, attack, attack.variables.unreal, requestId),
          ])
          return { attack, real, unreal }
        }),
      )
      for (const { attack, real, unreal } of answered) {
        const because = `${persona.name}: ${attack.document.text}\n${JSON.stringify(attack.variables)}`
        expect(leaksIn(real, attack.variables.real, persona, samples), because).toEqual([])
        expect(leaksIn(unreal, attack.variables.unreal, persona, samples), because).toEqual([])
        expect(real.body + unreal.body, because).not.toContain('INTERNAL_SERVER_ERROR')
        if (!isSameAnswer(real, unreal, attack)) expect(real, because).toEqual(unreal)
        note(attack.document.field.name, real)
        if (foreign.includes(tenantAskedForConsent(attack, real) ?? '')) consentsAsked += 1
      }
    }
    const after = await tracesIn(scene)
    expect(changesSince(before, after, foreign, scene), persona.name).toEqual([])
    expect(entriesSince(before, after, foreign), persona.name).toBe(consentsAsked)
  },
)

test('every field and argument of the schema was attacked', () => {
  const covered = new Set([...documents.flat().flatMap(({ covers }) => [...covers]), ...given])
  expect([...everythingIn()].filter((name) => !covered.has(name))).toEqual([])
})

test('of the attacks on each field many come as far as the question whose it is', () => {
  expect([...attacksOn.keys()].sort()).toEqual(rootFields.map(({ field }) => field.name).sort())
  expect([...attacksOn].filter(([, { sent, judged }]) => judged < sent / 10)).toEqual([])
})

test('the gateway has logged no fault of its own', () => {
  expect(
    scene.gateway
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":50')),
  ).toEqual([])
})
