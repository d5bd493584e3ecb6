/** Callers of different tenants at the same time on one gateway: nothing that it remembers of one serves another. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { revokeAccess } from '../../src/db/operators.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { encodeCursor } from '../../src/resolvers/pages.ts'
import { anEventStream, edgesOf } from '../support/event-stream.ts'
import { leaksIn } from '../support/isolation/attack.ts'
import { type Samples, samplesOf } from '../support/isolation/samples.ts'
import { anIsolationScene, type IsolationScene, type Persona } from '../support/isolation/scene.ts'
import type { Word } from '../support/isolation/world.ts'
import { ownerSql } from '../support/owner-sql.ts'

let scene: IsolationScene
let samples: Samples
beforeAll(async () => {
  scene = await anIsolationScene()
  samples = await samplesOf(scene)
})
afterAll(() => scene?.close())

const persona = (name: string): Persona => {
  const found = scene.personas.find((one) => one.name === name)
  if (!found) throw new Error(`Nobody is called ${name}.`)
  return found
}
const ask = (document: string, variables: Record<string, unknown>, { authorization }: Persona) =>
  scene.gateway.graphql(document, variables, { as: authorization })

const page = `query ($first: Int) { viewer { operator { id displayName } grants { tenant { name } roles } privilegedSessions { signedInAs } }
  tenants(first: 10) { edges { node { id name status health { status checks { name status } } privilegedSession { signedInAs } } } }
  securityEvents(first: $first) { edges { node { id title tenant { name } subjects { __typename ... on UserSubject { userPrincipalName } }
    availableRemediations { kind viewerCan subject { ... on Node { id } } } greyedOutReasons { kind code message } runs(first: 2) { edges { node { id } } } } } } }`

test('the same document of many callers at once is answered to each as to it alone', { timeout: 120_000 }, async () => {
  const callers = scene.personas
  const alone = new Map<string, unknown>()
  for (const caller of callers) alone.set(caller.name, (await ask(page, { first: 8 }, caller)).data)
  expect(new Set([...alone.values()].map((data) => JSON.stringify(data))).size).toBeGreaterThan(6)
  // What requests share of a tenant is begun anew, so that they meet on the way.
  for (const { tenant } of scene.marked) scene.gateway.forget(tenant)
  const together = await Promise.all(
    Array.from({ length: 4 }, () => callers)
      .flat()
      .map(async (caller) => ({ caller, answer: await ask(page, { first: 8 }, caller) })),
  )
  for (const { caller, answer } of together) {
    expect(answer.errors, caller.name).toEqual([])
    expect(answer.data, caller.name).toEqual(alone.get(caller.name))
    const reply = { status: answer.status, headers: '', body: JSON.stringify(answer.data) }
    expect(leaksIn(reply, {}, caller, samples), caller.name).toEqual([])
  }
})

describe('an idempotency key', () => {
  const block = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename ... on RemediationRun { id requestedBy { id } }
    ... on Refusal { code } } }`
  const events = `query ($tenantIds: [ID!]) { securityEvents(tenantIds: $tenantIds, first: 100) { edges { node { id
    availableRemediations { kind subject { ... on Node { id } } } } } } }`
  const runs = () =>
    ownerSql(scene.database, 'select tenant_id, operator_id, id from remediation_run order by requested_at, id')

  test.each([
    ['of another operator in the same tenant', 'partner technician', 'Quokka'],
    ['of an operator of another tenant', 'API key', 'Narwhal'],
  ] as const)('%s is a new wish', async (_, name, word) => {
    const caller = persona(name)
    const tenantIds = [tenantGlobalId(scene.tenant(word).tenant.id)]
    const { data } = await ask(events, { tenantIds }, caller)
    const [target] = data.securityEvents.edges.flatMap(
      ({ node }: { node: { id: string; availableRemediations: { kind: string; subject: { id: string } }[] } }) =>
        node.availableRemediations
          .filter(({ kind }) => kind === 'REVOKE_SESSIONS')
          .map(({ subject }) => ({ eventId: node.id, subjectId: subject.id })),
    )
    const before = await runs()
    const input = { ...target, actions: ['REVOKE_SESSIONS'], idempotencyKey: 'Quokka wish 0' }
    const done = (await ask(block, { input }, caller)).data.blockUser
    expect(done).toMatchObject({ __typename: 'RemediationRun' })
    const after = await runs()
    expect(after).toHaveLength(before.length + 1)
    expect(after).toEqual(expect.arrayContaining(before))
    expect((await ask(block, { input }, caller)).data.blockUser.id).toBe(done.id)
  })
})

describe('a subscription', () => {
  const bring = async (word: Word, id: string) => {
    const { records } = scene.tenant(word)
    const record = records.find(({ Operation }) => Operation === 'Add user.') ?? records[0]
    await scene.gateway.importRecords([{ ...record, Id: id, CreationTime: new Date().toISOString().slice(0, 19) }])
  }

  test('by a cursor of another tenant, of its own list or another, is refused as by one that never was', async () => {
    const caller = persona('partner technician')
    const foreign = samples.all.filter(({ kind, word }) => kind === 'arrivals' && word === 'Axolotl').slice(0, 5)
    expect(foreign).toHaveLength(5)
    for (const { real, unreal } of foreign) {
      const codes = async (after: unknown) => {
        const stream = await anEventStream(scene.gateway, { after: String(after) }, { as: caller.authorization })
        await expect.poll(() => stream.isOver()).toBe(true)
        return { codes: stream.codes, edges: stream.edges }
      }
      expect(await codes(real)).toEqual({ codes: ['CURSOR_EXPIRED'], edges: [] })
      expect(await codes(unreal)).toEqual(await codes(real))
    }
    // A place of the attacker's own tenant under the name of another.
    const own = samples.all.find(({ kind, word }) => kind === 'events' && word === 'Quokka')
    const eventId = Buffer.from(String(own?.real), 'base64url').toString().split(':')[1]
    const misplaced = encodeCursor('arrivals', `${scene.tenant('Narwhal').tenant.id}/${eventId}`)
    const stream = await anEventStream(scene.gateway, { after: misplaced }, { as: caller.authorization })
    await expect.poll(() => stream.codes).toEqual(['CURSOR_EXPIRED'])
  })

  test('tells of nothing from the moment on at which the grant is revoked, while others are told', async () => {
    const [leaving, staying, other] = ['person with a grant', 'API key', 'administrator'].map(persona)
    if (!leaving || !staying || !other) throw new Error('Somebody is missing.')
    const streams = await Promise.all(
      [leaving, staying, other].map(({ authorization }) => anEventStream(scene.gateway, {}, { as: authorization })),
    )
    const [left, stayed, elsewhere] = streams
    if (!left || !stayed || !elsewhere) throw new Error('A stream is missing.')
    await bring('Narwhal', '00000000-0000-4000-8000-000000000001')
    await Promise.all([edgesOf(left, 1), edgesOf(stayed, 1)])

    const { tenant } = scene.tenant('Narwhal')
    const [{ id } = { id: '' }] = await ownerSql(
      scene.database,
      `select o.id from operator o join access_grant g on g.operator_id = o.id where o.display_name = 'Gerda' and g.tenant_id = '${tenant.id}'`,
    )
    await scene.gateway.db.withTenants([tenant.id], (tx) =>
      revokeAccess(tx, { operatorId: String(id), tenantId: tenant.id, revokedAt: new Date() }),
    )
    await bring('Narwhal', '00000000-0000-4000-8000-000000000002')
    await edgesOf(stayed, 2)
    await expect.poll(() => left.codes).toEqual(['FORBIDDEN'])
    expect(left.edges).toHaveLength(1)
    expect(elsewhere.edges).toEqual([])
    for (const stream of streams) stream.cut()
  })
})
