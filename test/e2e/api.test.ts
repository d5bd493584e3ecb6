import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ApiScene,
  anApiScene,
  analyst,
  blockUser,
  contoso,
  eventsQuery,
  fabrikam,
  idOfTenant,
  litware,
  partner,
  reader,
  stranger,
} from '../support/api-scene.ts'

let scene: ApiScene

beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(() => scene?.close())

describe('who calls', () => {
  test.each([
    ['no token', null],
    ['a token that is none', 'Bearer nonsense'],
    ['an API key that nobody made', `Bearer tq_${'x'.repeat(43)}`],
    ['another scheme', 'Basic YTpi'],
  ])('with %s gets 401 and a GraphQL error, for both media types', async (_, authorization) => {
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await scene.gateway.graphql(
        '{ viewer { operator { id } } }',
        {},
        { as: authorization, headers: { accept } },
      )
      expect(answer.status).toBe(401)
      expect(answer.headers.get('content-type')).toContain(accept)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(answer.data).toBeUndefined()
      expect(answer.errors[0]?.extensions['code']).toBe('UNAUTHENTICATED')
    }
  })

  test('an expired token is refused', async () => {
    const { status } = await scene.gateway.graphql(
      '{ __typename }',
      {},
      { as: { ...analyst, expiresInSeconds: -3600 } },
    )
    expect(status).toBe(401)
  })

  test("app roles count in the token's own tenant, unknown ones are ignored", async () => {
    const { data, errors } = await scene.gateway.graphql(
      '{ viewer { operator { kind displayName } grants { tenant { name } roles } support { email } privilegedSessions { expiresAt } } }',
      {},
      { as: analyst },
    )
    expect(errors).toEqual([])
    expect(data.viewer).toEqual({
      operator: { kind: 'PERSON', displayName: 'Ada' },
      grants: [
        { tenant: { name: 'Contoso' }, roles: ['Events.Read', 'Remediations.User', 'Audit.Read', 'Administer'] },
      ],
      support: { email: 'support@example.com' },
      privilegedSessions: [],
    })
  })

  test("a partner's technician sees what the partner was granted, and so does an API key", async () => {
    const grants = [contoso, fabrikam].map(({ id }) => ({ tenantId: id, roles: ['Events.Read'] as const }))
    await scene.gateway.grantPartner({ name: 'Litware', entraTenantId: litware.id, members: [partner.userId] }, grants)
    const key = await scene.gateway.anApiKey(grants)
    for (const caller of [partner, key]) {
      const { data } = await scene.gateway.graphql(
        '{ tenants { edges { node { name } } } viewer { grants { roles } } }',
        {},
        { as: caller },
      )
      expect(data.tenants.edges.map((edge: { node: { name: string } }) => edge.node.name)).toEqual([
        'Contoso',
        'Fabrikam',
      ])
      expect(data.viewer.grants).toHaveLength(2)
    }
  })

  test('nothing of a credential reaches the log', async () => {
    const key = await scene.gateway.anApiKey([])
    await scene.gateway.graphql('{ viewer { operator { id } } }', {}, { as: key })
    await scene.gateway.graphql('{ viewer { operator { id } } }', {}, { as: 'Bearer tq_canary-key' })
    const token = scene.gateway.authorizationOf(analyst)?.split('.')[2] ?? ''
    for (const secret of [key.slice(7), 'canary-key', token]) expect(scene.gateway.log()).not.toContain(secret)
  })
})

describe('what is not yours does not exist', () => {
  const byId = 'query ($id: ID!) { securityEvent(id: $id) { title } node(id: $id) { id } nodes(ids: [$id]) { id } }'
  const nothing = { securityEvent: null, node: null, nodes: [null] }

  test("a stranger gets the same answer for another tenant's event and for one that was never there", async () => {
    const madeUp = Buffer.from(`SecurityEvent:${contoso.id}/0195a1b2-0000-7000-8000-000000000000`).toString('base64url')
    for (const id of [scene.event.id, madeUp, 'does-not-exist', `${scene.event.id.slice(0, -1)}A`]) {
      const { data, errors } = await scene.gateway.graphql(byId, { id }, { as: stranger })
      expect(errors).toEqual([])
      expect(data).toEqual(nothing)
      const refused = await scene.gateway.graphql(blockUser, scene.input({ eventId: id }), { as: stranger })
      expect(refused.data.blockUser).toEqual({
        __typename: 'NotFoundError',
        code: 'NOT_FOUND',
        message: 'There is no such event, or you have no access to it.',
      })
    }
  })

  test('a list leaves other tenants out, named or not', async () => {
    const contosoId = idOfTenant(contoso)
    const query =
      'query ($ids: [ID!]) { securityEvents(tenantIds: $ids) { edges { node { id } } } auditEntries(tenantId: "x") { edges { cursor } } }'
    for (const ids of [[contosoId], null, ['nonsense']]) {
      const { data } = await scene.gateway.graphql(query, { ids }, { as: stranger })
      expect(data).toEqual({ securityEvents: { edges: [] }, auditEntries: null })
    }
    expect(
      (
        await scene.gateway.graphql(
          'query ($id: ID!) { tenant(id: $id) { name } }',
          { id: contosoId },
          { as: stranger },
        )
      ).data.tenant,
    ).toBeNull()
  })

  test('a reader sees the event and gets NotAllowedError, and nothing is sent to Microsoft', async () => {
    const seen = scene.gateway.microsoft.journal().length
    const { data } = await scene.gateway.graphql(blockUser, scene.input(), { as: reader })
    expect(data.blockUser).toMatchObject({ __typename: 'NotAllowedError', code: 'NOT_ALLOWED' })
    expect(scene.gateway.microsoft.journal(seen).filter(({ mutates }) => mutates)).toEqual([])
  })

  test('a field that the roles may not read is FORBIDDEN, and only that field', async () => {
    const tenantId = idOfTenant(contoso)
    const query = 'query ($id: ID!) { tenant(id: $id) { name } auditEntries(tenantId: $id) { edges { cursor } } }'
    const { data, errors } = await scene.gateway.graphql(query, { id: tenantId }, { as: reader })
    expect(data).toEqual({ tenant: { name: 'Contoso' }, auditEntries: null })
    expect(errors).toMatchObject([{ path: ['auditEntries'], extensions: { code: 'FORBIDDEN' } }])
  })
})

describe('inputs', () => {
  test.each([
    ['ids of other things', { eventId: idOfTenant(contoso), subjectId: idOfTenant(contoso) }, ['eventId', 'subjectId']],
    ['no action', { actions: [] }, ['actions']],
    ['an action twice', { actions: ['DISABLE_USER', 'DISABLE_USER'] }, ['actions']],
    ['an empty key', { idempotencyKey: '' }, ['idempotencyKey']],
    ['a key that is too long', { idempotencyKey: 'k'.repeat(129) }, ['idempotencyKey']],
  ])('a mutation with %s is InvalidInputError, which names the fields', async (_, over, fields) => {
    const { data } = await scene.gateway.graphql(blockUser, scene.input(over), { as: analyst })
    expect(data.blockUser).toMatchObject({
      __typename: 'InvalidInputError',
      issues: fields.map((field) => ({ path: ['input', field] })),
    })
  })

  test.each([
    ['first: 0', ['first']],
    ['first: 101', ['first']],
    ['after: "nonsense"', ['after']],
    ['filter: { userId: "nonsense" }', ['filter', 'userId']],
    ['filter: { since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" }', ['filter', 'until']],
  ])('a query with %s is BAD_USER_INPUT', async (args, path) => {
    const { errors } = await scene.gateway.graphql(
      `{ securityEvents(${args}) { edges { cursor } } }`,
      {},
      { as: analyst },
    )
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path }] } }])
  })

  test('variables of a wrong type are BAD_USER_INPUT', async () => {
    const { errors } = await scene.gateway.graphql(
      'query ($first: Int) { securityEvents(first: $first) { edges { cursor } } }',
      { first: 'many' },
      { as: analyst },
    )
    expect(errors[0]?.extensions['code']).toBe('BAD_USER_INPUT')
    const wrong = await scene.gateway.graphql(
      'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }',
      { f: { since: 'yesterday' } },
      { as: analyst },
    )
    expect(wrong.errors[0]?.extensions['code']).toBe('BAD_USER_INPUT')
  })
})

describe('pages', () => {
  test('are walked without gap or repetition, newest first', async () => {
    const query =
      'query ($after: String) { securityEvents(first: 1, after: $after) { edges { node { id occurredAt } } pageInfo { hasNextPage hasPreviousPage endCursor } } }'
    const seen: string[] = []
    let after: string | null = null
    do {
      const { data } = await scene.gateway.graphql(query, { after }, { as: analyst })
      seen.push(...data.securityEvents.edges.map((edge: { node: { occurredAt: string } }) => edge.node.occurredAt))
      after = data.securityEvents.pageInfo.hasNextPage ? data.securityEvents.pageInfo.endCursor : null
    } while (after)
    expect(seen).toHaveLength(3)
    expect(seen).toEqual(seen.toSorted().reverse())
  })

  test('of events cost at most three SQL statements, who calls included', async () => {
    const before = scene.database.db.statements()
    const { errors } = await scene.gateway.graphql(eventsQuery, { first: 50 }, { as: analyst })
    expect(errors).toEqual([])
    expect(scene.database.db.statements() - before).toBeLessThanOrEqual(3)
  })
})
