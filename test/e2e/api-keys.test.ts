/** API keys as their administrators see them: what a key may hold, how long, when it was used, and that its end is an end everywhere. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Role } from '../../src/context.ts'
import { openClient } from '../../src/db/driver.ts'
import { apiKeyGlobalId } from '../../src/resolvers/global-ids.ts'
import { type ApiScene, anApiScene, analyst, contoso, fabrikam, idOfTenant, reader } from '../support/api-scene.ts'
import { type As, aGateway, type TestGateway } from '../support/gateway.ts'
import { expectNotLetIn, whoAmI } from '../support/not-let-in.ts'
import { ownerSql } from '../support/owner-sql.ts'

let scene: ApiScene
beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(() => scene?.close())

interface Made {
  __typename: string
  key: string
  apiKey: { id: string; expiresAt: string | null }
  code?: string
  message?: string
  issues?: { path: string[]; message: string }[]
}

const createDocument = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename
  ... on CreatedApiKey { key apiKey { id expiresAt } } ... on Refusal { code message } ... on InvalidInputError { issues { path message } } } }`
const revokeDocument =
  'mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename ... on RevokedApiKey { apiKey { revokedAt } } } }'
const listDocument = `query ($id: ID!, $first: Int, $after: String) { tenant(id: $id) { apiKeys(first: $first, after: $after) {
  pageInfo { hasNextPage endCursor } edges { node { id name lastFour expiresAt revokedAt lastUsedAt grants { tenant { name } roles } } } } } }`

async function create(as: As, roles: readonly Role[], more: object = {}): Promise<Made> {
  const input = { name: 'Ticket system', grants: [{ tenantId: idOfTenant(contoso), roles }], ...more }
  const { data, errors } = await scene.gateway.graphql(createDocument, { input }, { as })
  expect(errors).toEqual([])
  return data.createApiKey
}

const list = (as: As, tenant = contoso, page: { first?: number; after?: string } = {}) =>
  scene.gateway.graphql(listDocument, { id: idOfTenant(tenant), ...page }, { as })

const works = async ({ key }: { key: string }, gateway: TestGateway = scene.gateway) =>
  (await whoAmI(gateway, { authorization: `Bearer ${key}` })).status === 200

const administrator: readonly Role[] = ['Events.Read', 'Administer']
const dayMs = 24 * 60 * 60_000

describe('nobody gives away more than they hold', () => {
  test.each<[string, As]>([
    ['a person', analyst],
    ['an API key', 'key'],
  ])('no role that %s lacks', async (_, caller) => {
    const as =
      caller === 'key' ? await scene.gateway.anApiKey([{ tenantId: contoso.id, roles: administrator }]) : caller
    const keysBefore = await ownerSql(scene.database, 'select id from api_key')
    for (const role of ['Remediations.Privileged', 'Remediations.AppsAndRules', 'Events.Ingest'] as const) {
      const refused = await create(as, ['Events.Read', role])
      expect(refused).toMatchObject({ code: 'NOT_ALLOWED', message: expect.stringContaining(`you lack ${role}`) })
    }
    expect(await ownerSql(scene.database, 'select id from api_key')).toEqual(keysBefore)
    expect(await create(as, ['Events.Read'])).toMatchObject({ __typename: 'CreatedApiKey' })
  })

  test('a role of one tenant is none in another', async () => {
    const as = await scene.gateway.anApiKey([
      { tenantId: contoso.id, roles: [...administrator, 'Audit.Read'] },
      { tenantId: fabrikam.id, roles: administrator },
    ])
    const grants = [contoso, fabrikam].map((tenant) => ({ tenantId: idOfTenant(tenant), roles: ['Audit.Read'] }))
    expect(await create(as, [], { grants })).toMatchObject({ code: 'NOT_ALLOWED' })
    expect(await create(as, [], { grants: grants.slice(0, 1) })).toMatchObject({ __typename: 'CreatedApiKey' })
  })

  test('a key that ends makes none that outlives it', async () => {
    const expiresAt = new Date(Date.now() + dayMs).toISOString()
    const maker = await create(analyst, administrator, { expiresAt })
    const as = `Bearer ${maker.key}`
    for (const later of [null, new Date(Date.now() + 2 * dayMs).toISOString()]) {
      expect(await create(as, ['Events.Read'], { expiresAt: later })).toMatchObject({
        __typename: 'InvalidInputError',
        issues: [{ path: ['input', 'expiresAt'], message: expect.stringContaining(expiresAt) }],
      })
    }
    expect((await create(as, ['Events.Read'])).apiKey.expiresAt).toBe(expiresAt)
  })

  test('a key works for a year unless its end is said; without an end only when that is said', async () => {
    const usual = Date.parse((await create(analyst, ['Events.Read'])).apiKey.expiresAt ?? '')
    expect(Math.abs(usual - Date.now() - 365 * dayMs)).toBeLessThan(60_000)
    expect((await create(analyst, ['Events.Read'], { expiresAt: null })).apiKey.expiresAt).toBeNull()
  })
})

describe('the list', () => {
  test('shows an administrator the keys of a tenant, newest first, in pages, and never a key', async () => {
    const made = [await create(analyst, ['Events.Read']), await create(analyst, ['Audit.Read'], { name: 'Export' })]
    await scene.gateway.graphql(revokeDocument, { input: { apiKeyId: made[0]?.apiKey.id } }, { as: analyst })
    const { data, errors } = await list(analyst, contoso, { first: 1 })
    expect(errors).toEqual([])
    const { edges, pageInfo } = data.tenant.apiKeys
    expect(edges).toEqual([
      {
        node: {
          id: made[1]?.apiKey.id,
          name: 'Export',
          lastFour: made[1]?.key.slice(-4),
          expiresAt: made[1]?.apiKey.expiresAt,
          revokedAt: null,
          lastUsedAt: null,
          grants: [{ tenant: { name: 'Contoso' }, roles: ['Audit.Read'] }],
        },
      },
    ])
    const next = (await list(analyst, contoso, { after: pageInfo.endCursor })).data.tenant.apiKeys
    expect(next.edges[0].node).toMatchObject({ id: made[0]?.apiKey.id, revokedAt: expect.any(String) })
    for (const { key } of made) expect(JSON.stringify([data, next])).not.toContain(key)
  })

  test('names other tenants of a key only to those who administer them, and keys of others not at all', async () => {
    const both = await scene.gateway.anApiKey(
      [contoso, fabrikam].map(({ id }) => ({ tenantId: id, roles: administrator })),
    )
    const foreign = await scene.gateway.anApiKey([{ tenantId: fabrikam.id, roles: ['Events.Read'] }])
    const shown = async (
      as: As,
      tenant = contoso,
    ): Promise<{ lastFour: string; grants: { tenant: { name: string } }[] }[]> =>
      (await list(as, tenant)).data.tenant.apiKeys.edges.map(({ node }: { node: object }) => node)
    const ofBoth = (keys: Awaited<ReturnType<typeof shown>>) => keys.find(({ lastFour }) => lastFour === both.slice(-4))
    expect(ofBoth(await shown(analyst))?.grants).toEqual([expect.objectContaining({ tenant: { name: 'Contoso' } })])
    expect(ofBoth(await shown(both))?.grants).toHaveLength(2)
    expect((await shown(analyst)).map(({ lastFour }) => lastFour)).not.toContain(foreign.slice(-4))
    const mixed = await scene.gateway.anApiKey([
      { tenantId: contoso.id, roles: administrator },
      { tenantId: fabrikam.id, roles: ['Events.Read'] },
    ])
    expect(ofBoth(await shown(mixed))?.grants).toHaveLength(1)
  })

  test('is closed to those without the role, and a tenant of others is not there', async () => {
    const refused = await list(reader)
    expect(refused.data).toEqual({ tenant: { apiKeys: null } })
    expect(refused.errors).toMatchObject([{ path: ['tenant', 'apiKeys'], extensions: { code: 'FORBIDDEN' } }])
    expect((await list(analyst, fabrikam)).data).toEqual({ tenant: null })
  })
})

describe('a revocation', () => {
  test('counts at once on every gateway, and so does the end of a grant', async () => {
    const { database, gateway } = scene
    const other = await aGateway({ microsoft: gateway.microsoft, database })
    try {
      const key = await create(analyst, ['Events.Read'])
      expect([await works(key), await works(key, other)]).toEqual([true, true])
      const input = { apiKeyId: key.apiKey.id }
      const { data } = await gateway.graphql(revokeDocument, { input }, { as: analyst })
      expect(data.revokeApiKey.__typename).toBe('RevokedApiKey')
      for (const one of [other, gateway]) await expectNotLetIn(one, key.key, { authorization: `Bearer ${key.key}` })

      const bare = await create(analyst, ['Events.Read'])
      const grantsAt = async (one: TestGateway) => {
        const as = `Bearer ${bare.key}`
        return (await one.graphql('{ viewer { grants { roles } } }', {}, { as })).data.viewer.grants
      }
      expect([await grantsAt(gateway), await grantsAt(other)]).toEqual([
        [{ roles: ['Events.Read'] }],
        [{ roles: ['Events.Read'] }],
      ])
      await ownerSql(
        database,
        `update access_grant set revoked_at = now() where operator_id =
          (select operator_id from api_key where last_four = '${bare.key.slice(-4)}' order by created_at desc limit 1)`,
      )
      expect([await grantsAt(gateway), await grantsAt(other)]).toEqual([[], []])
    } finally {
      await other.close()
    }
  })

  test('an end of any sort is told in the same words as a key that nobody made', async () => {
    const [revoked, expired] = [await create(analyst, ['Events.Read']), await create(analyst, ['Events.Read'])]
    await scene.gateway.graphql(revokeDocument, { input: { apiKeyId: revoked.apiKey.id } }, { as: analyst })
    await ownerSql(
      scene.database,
      `update api_key set expires_at = now() - interval '1 second' where last_four = '${expired.key.slice(-4)}'`,
    )
    const madeUp = `${expired.key.slice(0, -2)}AA`
    const answers = await Promise.all(
      [revoked.key, expired.key, madeUp, 'tq_short'].map(async (key) => {
        const answer = await whoAmI(scene.gateway, { authorization: `Bearer ${key}` })
        return [answer.status, await answer.text()]
      }),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]?.[0]).toBe(401)
  })

  test('by somebody who does not administer the tenant is refused, and the key goes on', async () => {
    const key = await create(analyst, ['Events.Read'])
    const attempt = (as: As, id: string) => scene.gateway.graphql(revokeDocument, { input: { apiKeyId: id } }, { as })
    const stranger = await scene.gateway.anApiKey([{ tenantId: fabrikam.id, roles: administrator }])
    for (const as of [reader, stranger, `Bearer ${key.key}`]) {
      expect((await attempt(as, key.apiKey.id)).data.revokeApiKey.__typename).toBe('NotFoundError')
    }
    expect((await attempt(analyst, apiKeyGlobalId(contoso.id))).data.revokeApiKey.__typename).toBe('NotFoundError')
    expect(await works(key)).toBe(true)
  })
})

describe('the last use', () => {
  let key: Made
  beforeEach(async () => {
    key = await create(analyst, ['Events.Read'])
  })

  const lastUse = async () => {
    const [row] = await ownerSql(
      scene.database,
      `select last_used_at from api_key where last_four = '${key.key.slice(-4)}' order by created_at desc limit 1`,
    )
    return row?.['last_used_at'] as Date | null
  }
  /** It is kept beside the requests. */
  async function until(check: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; !(await check()); tries += 1) {
      if (tries === 200) throw new Error('It did not happen within five seconds')
      await sleep(25)
    }
  }

  test('is shown, written once a minute by all gateways together, and again a minute later', async () => {
    const { database, gateway } = scene
    await ownerSql(database, 'create table key_writes (id uuid)')
    await ownerSql(
      database,
      `create function count_key_write() returns trigger language plpgsql security definer as
       $$ begin insert into key_writes values (new.id); return new; end $$`,
    )
    await ownerSql(
      database,
      'create trigger counted after update on api_key for each row execute function count_key_write()',
    )
    const writes = async () => (await ownerSql(database, 'select id from key_writes')).length
    const other = await aGateway({ microsoft: gateway.microsoft, database })
    try {
      expect(await lastUse()).toBeNull()
      const burst = () =>
        Promise.all(Array.from({ length: 60 }, (_, index) => works(key, index % 2 === 0 ? gateway : other)))
      expect((await burst()).every(Boolean)).toBe(true)
      await until(async () => (await lastUse()) !== null)
      expect((await burst()).every(Boolean)).toBe(true)
      await sleep(200)
      expect(await writes()).toBe(1)
      const shown = (await list(analyst)).data.tenant.apiKeys.edges[0].node
      expect(shown.id).toBe(key.apiKey.id)
      expect(Math.abs(Date.parse(shown.lastUsedAt) - Date.now())).toBeLessThan(60_000)

      // A gateway that knows nothing of it yet, and what it was a minute ago.
      await ownerSql(database, `update api_key set last_used_at = now() - interval '61 seconds'`)
      const writesSoFar = await writes()
      const third = await aGateway({ microsoft: gateway.microsoft, database })
      await works(key, third)
      await until(async () => Date.now() - ((await lastUse())?.getTime() ?? 0) < 30_000)
      expect(await writes()).toBe(writesSoFar + 1)
      await third.close()
    } finally {
      await other.close()
      await ownerSql(database, 'drop trigger counted on api_key')
    }
  })

  test('holds up nobody while another transaction holds the key, and waits for no lock', async () => {
    const holder = openClient(scene.database.ownerUrl)
    try {
      await holder.begin(async (tx) => {
        await tx`select id from api_key for update`
        const startedAt = performance.now()
        expect(await Promise.all(Array.from({ length: 20 }, () => works(key)))).not.toContain(false)
        expect(performance.now() - startedAt).toBeLessThan(5_000)
        await sleep(200)
        const waiting = await ownerSql(
          scene.database,
          'select pid from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0',
        )
        expect(waiting).toEqual([])
      })
      expect(await lastUse()).toBeNull()
    } finally {
      await holder.end()
    }
  })

  test('fails no request when it cannot be kept', async () => {
    const { database, gateway } = scene
    await ownerSql(
      database,
      `create function refuse_key_write() returns trigger language plpgsql as $$ begin raise 'disk full'; end $$`,
    )
    await ownerSql(
      database,
      'create trigger refused before update on api_key for each row execute function refuse_key_write()',
    )
    try {
      expect(await works(key)).toBe(true)
      await until(async () => gateway.log().includes('The last use of an API key could not be kept'))
      expect(await lastUse()).toBeNull()
      expect(gateway.log()).not.toContain('"level":50')
    } finally {
      await ownerSql(database, 'drop trigger refused on api_key')
    }
  })

  test('is not touched by a key that does not count', async () => {
    await scene.gateway.graphql(revokeDocument, { input: { apiKeyId: key.apiKey.id } }, { as: analyst })
    expect(await works(key)).toBe(false)
    await sleep(100)
    expect(await lastUse()).toBeNull()
  })
})
