/** Whom a good token stands for: grants follow the kind, the tenant and the id together, and count only while they are in force. */
import { connect as connectTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Role, roles } from '../../src/context.ts'
import { grantAccess, revokeAccess, upsertOperator, upsertPartner } from '../../src/db/operators.ts'
import { type TenantStatus, upsertTenant } from '../../src/db/tenants.ts'
import { type ApiScene, anApiScene, analyst, blockUser, contoso, fabrikam, idOfTenant } from '../support/api-scene.ts'
import { aForge, type Forge } from '../support/forged-tokens.ts'
import { aGateway } from '../support/gateway.ts'
import { whoAmI } from '../support/not-let-in.ts'

let scene: ApiScene
let forge: Forge
beforeAll(async () => {
  scene = await anApiScene()
  forge = aForge(scene.gateway.microsoft, analyst, '')
})
afterAll(() => scene?.close())

/** A tenant that nobody connected, as the home of partners is. */
const homeTenantId = '99999999-aaaa-4bbb-8ccc-0000000000f1'
const of = (tid: string) => ({ tid, iss: `${scene.gateway.microsoft.url}/${tid}/v2.0` })
const aPersonOf = (tid: string, oid: string, held: readonly Role[] = []) =>
  `Bearer ${forge.saying({ ...of(tid), oid, roles: held })}`
const anApplicationOf = (tid: string, azp: string, oid: string = crypto.randomUUID()) =>
  `Bearer ${forge.saying({ ...of(tid), oid, sub: oid, azp, idtyp: 'app', scp: undefined, roles: [] })}`

const tenantsOf = async (as: string): Promise<string[]> => {
  const { data, errors } = await scene.gateway.graphql('{ viewer { grants { tenant { name } } } }', {}, { as })
  expect(errors).toEqual([])
  return data.viewer.grants.map((grant: { tenant: { name: string } }) => grant.tenant.name)
}

async function granted(kind: 'PERSON' | 'APPLICATION', tenantId: string, externalId: string): Promise<string> {
  return scene.gateway.db.plain(async (tx) => {
    const { id } = await upsertOperator(tx, { kind, tenantId, externalId, displayName: 'Guest' })
    await grantAccess(tx, { operatorId: id, tenantId: contoso.id, roles, grantedBy: 'test' })
    return id
  })
}

describe('roles in a token', () => {
  test('count in its own tenant while that is connected or about to be, and nowhere else', async () => {
    const id = '99999999-aaaa-4bbb-8ccc-0000000000f2'
    const administrator = aPersonOf(id, crypto.randomUUID(), roles)
    const seen = () => tenantsOf(administrator)
    const isAs = (status: TenantStatus) =>
      scene.gateway.db.withTenants([id], (tx) => upsertTenant(tx, { id, name: 'Northwind', status }))
    const connect = () =>
      scene.gateway.graphql(
        'mutation ($input: ConnectTenantInput!) { connectTenant(input: $input) { __typename } }',
        { input: { entraTenantId: id, name: 'Northwind' } },
        { as: administrator },
      )
    expect(await seen()).toEqual([])
    expect((await connect()).data.connectTenant.__typename).toBe('NotAllowedError')
    await isAs('NOT_CONNECTED')
    expect(await seen()).toEqual([])
    await isAs('PENDING')
    expect(await seen()).toEqual(['Northwind'])
    expect((await connect()).data.connectTenant.__typename).toBe('TenantConsentLink')
    await isAs('CONNECTED')
    expect(await seen()).toEqual(['Northwind'])
    await isAs('DISCONNECTED')
    expect(await seen()).toEqual([])
    expect((await connect()).data.connectTenant.__typename).toBe('NotAllowedError')
  })
})

describe('a grant', () => {
  test('to a person is not that of the same object id in another tenant, nor of an application with that id', async () => {
    const id = crypto.randomUUID()
    await granted('PERSON', homeTenantId, id)
    expect(await tenantsOf(aPersonOf(homeTenantId, id))).toEqual(['Contoso'])
    expect(await tenantsOf(aPersonOf(fabrikam.id, id))).toEqual([])
    expect(await tenantsOf(anApplicationOf(homeTenantId, id))).toEqual([])
    expect(await tenantsOf(anApplicationOf(homeTenantId, crypto.randomUUID(), id))).toEqual([])
  })

  test('to an application is not that of a person who uses it, nor of its namesake in another tenant', async () => {
    const appId = crypto.randomUUID()
    await granted('APPLICATION', homeTenantId, appId)
    expect(await tenantsOf(anApplicationOf(homeTenantId, appId))).toEqual(['Contoso'])
    expect(await tenantsOf(anApplicationOf(fabrikam.id, appId))).toEqual([])
    const throughIt = forge.saying({ ...of(homeTenantId), oid: crypto.randomUUID(), azp: appId, roles: [] })
    expect(await tenantsOf(`Bearer ${throughIt}`)).toEqual([])
    expect(await tenantsOf(aPersonOf(homeTenantId, appId))).toEqual([])
  })

  test('to a partner is not that of everybody in its tenant', async () => {
    const [member, colleague] = [crypto.randomUUID(), crypto.randomUUID()]
    await scene.gateway.grantPartner({ name: 'Litware', entraTenantId: homeTenantId, members: [member] }, [
      { tenantId: contoso.id, roles: ['Events.Read'] },
    ])
    expect(await tenantsOf(aPersonOf(homeTenantId, member))).toEqual(['Contoso'])
    expect(await tenantsOf(aPersonOf(homeTenantId, colleague))).toEqual([])
    expect(await tenantsOf(aPersonOf(fabrikam.id, member))).toEqual([])
  })

  test('is gone from the next request after it is taken away, with the same token', async () => {
    const [own, member] = [crypto.randomUUID(), crypto.randomUUID()]
    const operatorId = await granted('PERSON', homeTenantId, own)
    const partner = { name: 'Litware', entraTenantId: homeTenantId }
    await scene.gateway.grantPartner({ ...partner, members: [member] }, [{ tenantId: contoso.id, roles }])
    const tokens = [aPersonOf(homeTenantId, own), aPersonOf(homeTenantId, member)]
    for (const as of tokens) expect(await tenantsOf(as)).toEqual(['Contoso'])

    await scene.gateway.db.plain(async (tx) => {
      const { id: partnerId } = await upsertPartner(tx, partner)
      const gone = { tenantId: contoso.id, revokedAt: new Date() }
      expect(await revokeAccess(tx, { operatorId, ...gone })).toBe(true)
      expect(await revokeAccess(tx, { partnerId, ...gone })).toBe(true)
    })
    const writes = () => scene.gateway.microsoft.journal().filter(({ mutates }) => mutates).length
    const before = writes()
    for (const as of tokens) {
      expect(await tenantsOf(as)).toEqual([])
      expect((await scene.gateway.graphql(blockUser, scene.input(), { as })).data.blockUser.code).toBe('NOT_FOUND')
      const { data } = await scene.gateway.graphql('{ securityEvents { edges { cursor } } }', {}, { as })
      expect(data.securityEvents.edges).toEqual([])
    }
    expect(writes()).toBe(before)
  })
})

test('all roles of a token open nothing in another tenant, by whatever argument it is named', async () => {
  const as = aPersonOf(fabrikam.id, crypto.randomUUID(), roles)
  expect(await tenantsOf(as)).toEqual(['Fabrikam'])
  const writes = () => scene.gateway.microsoft.journal().filter(({ mutates }) => mutates).length
  const before = writes()
  for (const id of [contoso.id, contoso.id.toUpperCase(), idOfTenant(contoso)]) {
    const { data, errors } = await scene.gateway.graphql(
      `query ($id: ID!) { tenant(id: $id) { id } auditEntries(tenantId: $id) { edges { cursor } }
        securityEvents(tenantIds: [$id]) { edges { cursor } } node(id: $id) { id } }`,
      { id },
      { as },
    )
    expect({ data, errors }).toEqual({
      data: { tenant: null, auditEntries: null, securityEvents: { edges: [] }, node: null },
      errors: [],
    })
  }
  expect((await scene.gateway.graphql(blockUser, scene.input(), { as })).data.blockUser.code).toBe('NOT_FOUND')
  expect(writes()).toBe(before)
})

describe('when Entra’s keys cannot be fetched', () => {
  test('a good token gets 503, not 401, and Entra is not asked for each caller; then it is let in', async () => {
    const { database, gateway } = scene
    const other = await aGateway({ microsoft: gateway.microsoft, database })
    const outage = gateway.microsoft.fault({
      fault: 'status',
      service: 'login',
      times: 1_000,
      args: { status: 503, code: 'x' },
    })
    const headers = { authorization: `Bearer ${forge.token}` }
    const asked = () => gateway.microsoft.journal().filter(({ path }) => path.startsWith('/common/')).length
    try {
      const answer = await whoAmI(other, headers)
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([503, null])
      expect((await answer.json()).errors[0].extensions.code).toBe('INTERNAL_SERVER_ERROR')
      const before = asked()
      const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await whoAmI(other, headers)).status))
      expect(new Set(statuses)).toEqual(new Set([503]))
      expect(asked()).toBe(before)
      // Whoever holds the keys already goes on.
      expect((await whoAmI(gateway, headers)).status).toBe(200)
    } finally {
      outage.end()
    }
    await expect.poll(async () => (await whoAmI(other, headers)).status, { timeout: 10_000 }).toBe(200)
    await other.close()
  })
})

test('a header with U+0000 or a bare line break is refused before anybody looks at it', async () => {
  const { port } = new URL(scene.gateway.url)
  for (const evil of ['\0', '\n evil', '\r evil']) {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const socket = connectTcp(Number(port), '127.0.0.1')
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString()
    })
    socket.on('close', () => resolve(text)).on('error', reject)
    socket.end(
      `GET /graphql?query={viewer{operator{id}}} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${forge.token}${evil}\r\n\r\n`,
    )
    expect(await promise).toMatch(/^HTTP\/1\.1 40[01] /)
  }
})
