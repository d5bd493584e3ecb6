/**
 * Everybody who may call the API asks for what belongs to tenants that they do not see: each field and argument of the schema, with
 * ids, cursors, names and records of others. Each attack has a twin that names what never existed, and is answered alike.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { anAttack, leaksIn, type Made, sameAnswer, send } from '../support/isolation/attack.ts'
import { type AttackDocument, documentsFor, everythingIn, rootFields } from '../support/isolation/documents.ts'
import { type Samples, samplesOf, tenantTables } from '../support/isolation/samples.ts'
import { anIsolationScene, type IsolationScene, type Persona } from '../support/isolation/scene.ts'
import { changesSince, tracesIn } from '../support/isolation/traces.ts'
import { oneOf } from '../support/isolation/values.ts'
import { ownerSql } from '../support/owner-sql.ts'
import { seeded } from '../support/seeded.ts'

/** All of it, or a sample. One alone: `-t 'seed 17:'`. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const requestsOfASeed = 50
const seeds = Array.from({ length: (isSoak ? 50_000 : 1_500) / requestsOfASeed }, (_, index) => index + 1)
const documentsOfAField = isSoak ? 40 : 12

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

let scene: IsolationScene
let samples: Samples
let documents: AttackDocument[][]
const arguments_: Made = new Set()
const answers = new Map<string, number>()
beforeAll(async () => {
  scene = await anIsolationScene()
  samples = await samplesOf(scene)
  documents = rootFields.map((field) => documentsFor(field, documentsOfAField))
})
afterAll(() => scene?.close())

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

describe.each(seeds)('seed %i:', (seed) => {
  test('nothing of another tenant is told, changed or asked of Microsoft, and what exists is answered as what does not', async () => {
    const chance = seeded(seed)
    const persona = scene.personas[seed % scene.personas.length] as Persona
    const foreign = scene.marked.filter(({ word }) => !persona.sees.includes(word)).map(({ tenant }) => tenant.id)
    const before = await tracesIn(scene)
    const asked = new Map<string, number>()
    for (let index = 0; index < requestsOfASeed / 2; index += 1) {
      const document = oneOf(chance, oneOf(chance, documents))
      const attack = anAttack(document, persona, samples, chance, arguments_)
      const because = `${persona.name}, ${index}: ${document.text}\n${JSON.stringify(attack.variables)}`
      const requestId = `attack-${seed}-${index}`
      const real = await send(scene, persona, attack, attack.variables.real, requestId)
      const unreal = await send(scene, persona, attack, attack.variables.unreal, requestId)
      expect(leaksIn(real, attack.variables.real, persona, samples), because).toEqual([])
      expect(leaksIn(unreal, attack.variables.unreal, persona, samples), because).toEqual([])
      expect(real.body, because).not.toContain('INTERNAL_SERVER_ERROR')
      if (!sameAnswer(real, unreal, attack)) expect(real, because).toEqual(unreal)
      const outcome = `${document.field.name} ${real.status} ${/"code":"(\w+)"/.exec(real.body)?.[1] ?? 'answered'}`
      answers.set(outcome, (answers.get(outcome) ?? 0) + 1)
    }
    const after = await tracesIn(scene)
    expect(changesSince(before, after, foreign, scene), persona.name).toEqual([])
    void asked
  })
})

test('every field and argument of the schema was attacked', () => {
  const covered = new Set([...documents.flat().flatMap(({ covers }) => [...covers]), ...arguments_])
  expect([...everythingIn()].filter((name) => !covered.has(name))).toEqual([])
  console.log(
    [...answers]
      .sort()
      .map(([k, v]) => `${k} ${v}`)
      .join('\n'),
  )
})

test('the gateway has logged no fault of its own', () => {
  expect(
    scene.gateway
      .log()
      .split('\n')
      .filter((line) => line.includes('"level":50')),
  ).toEqual([])
})
