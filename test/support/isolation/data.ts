/** Rows of every table for every tenant: by the API where it makes them, the rest as a worker would have written them. */
import { placeArrivals } from '../../../src/db/arrivals.ts'
import { introduceFeeds } from '../../../src/db/feed.ts'
import { tenantGlobalId } from '../../../src/resolvers/global-ids.ts'
import { signHead } from '../../../src/services/audit/signed-heads.ts'
import { storeWaitingSession } from '../../../src/services/authority/privileged-session.ts'
import { refreshSnapshot } from '../../../src/services/events/snapshot.ts'
import { feedContentTypes } from '../../../src/services/feed/types.ts'
import type { As, TestGateway } from '../gateway.ts'
import { ownerSql } from '../owner-sql.ts'
import type { TestDatabase } from '../postgres.ts'
import { type MarkedTenant, personOf } from './world.ts'

interface Option {
  kind: string
  subject: { id: string }
}

const options = `query ($tenantIds: [ID!]) { securityEvents(tenantIds: $tenantIds, first: 100) { edges { node { id
  availableRemediations { kind subject { ... on Node { id } } } } } } }`
const block = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename } }`
const createKey = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on CreatedApiKey { key } } }`
const confirm = `mutation ($input: ConfirmPrivilegedSignInInput!) { confirmPrivilegedSignIn(input: $input) { __typename } }`
const viewer = '{ viewer { operator { id displayName } } }'

export interface Keys {
  /** Every role in the tenant. */
  working: string
  revoked: string
  expired: string
}

/** Two runs, sign-ins that wait and that count, keys, feeds with a gap; answers the tenant's API keys. */
export async function fill(gateway: TestGateway, database: TestDatabase, marked: MarkedTenant): Promise<Keys> {
  const { word, tenant, records } = marked
  const { db, services } = gateway
  const administrator = personOf(marked, 'Ursula')
  const ask = async (document: string, variables: object, as: As = administrator) => {
    const { data, errors } = await gateway.graphql(document, { ...variables }, { as })
    if (errors.length > 0) throw new Error(JSON.stringify(errors))
    return data
  }
  await gateway.connectTenant(tenant)
  await refreshSnapshot(services, tenant.id)
  await gateway.importRecords(records)

  const tenantIds = [tenantGlobalId(tenant.id)]
  const { securityEvents } = await ask(options, { tenantIds })
  const revocable = securityEvents.edges.flatMap(
    ({ node }: { node: { id: string; availableRemediations: Option[] } }) =>
      node.availableRemediations
        .filter(({ kind }) => kind === 'REVOKE_SESSIONS')
        .map(({ subject }) => ({ eventId: node.id, subjectId: subject.id })),
  )
  for (const [index, target] of revocable.slice(0, 2).entries()) {
    const input = { ...target, actions: ['REVOKE_SESSIONS'], idempotencyKey: `${word} wish ${index}` }
    const { blockUser } = await ask(block, { input })
    if (blockUser.__typename !== 'RemediationRun') throw new Error(`No run in ${word}: ${blockUser.__typename}`)
  }

  const aKey = async (name: string, expiresAt: string | null = null): Promise<string> => {
    const roles = [
      'Events.Read',
      'Events.Ingest',
      'Remediations.User',
      'Remediations.AppsAndRules',
      'Audit.Read',
      'Administer',
    ]
    const input = { name: `${name} of ${word}`, expiresAt, grants: [{ tenantId: tenant.id, roles }] }
    return `Bearer ${(await ask(createKey, { input })).createApiKey.key}`
  }
  const keys = {
    working: await aKey('Tickets'),
    revoked: await aKey('Revoked'),
    expired: await aKey('Expired', new Date(Date.now() + 3_600_000).toISOString()),
  }
  await ownerSql(
    database,
    `update api_key set revoked_at = case when name like 'Revoked%' then now() end,
       expires_at = case when name like 'Expired%' then now() - interval '1 minute' end where name like '%${word}'`,
  )

  await signIn(gateway, marked, ask, 'Annika', true)
  await signIn(gateway, marked, ask, 'Ursula', false)

  await db.withTenants([tenant.id], (tx) => introduceFeeds(tx, feedContentTypes, new Date()))
  const own = `'${tenant.id}'`
  for (const statement of [
    `update feed set listed_until = now(), events = 7, received_at = now() where tenant_id = ${own}`,
    `insert into feed_gap (tenant_id, id, content_type, begins_at, ends_at, why, noticed_at)
     values (${own}, gen_random_uuid(), 'Audit.Exchange', now() - interval '2 days', now() - interval '1 day', 'NOT_READ_IN_TIME', now())`,
    `insert into feed_blob (tenant_id, content_type, content_id, content_uri, created_at, expires_at, due_at)
     values (${own}, 'Audit.Exchange', 'blob of ${word}', 'https://example.com/${word}', now(), now(), now())`,
    `insert into lease (tenant_id, key, run_id, expires_at) values (${own}, 'lease of ${word}', gen_random_uuid(), now())`,
    `insert into audit_check (tenant_id, verified_at) values (${own}, now())`,
    `insert into used_state (tenant_id, id, expires_at) values (${own}, gen_random_uuid(), now())`,
  ]) {
    await ownerSql(database, statement)
  }
  await signHead(services, tenant.id)
  await db.plain(placeArrivals)
  return keys
}

/** An administrator's sign-in for somebody, taken up or left waiting. */
async function signIn(
  { db, services, microsoft }: TestGateway,
  marked: MarkedTenant,
  ask: (document: string, variables: object, as?: As) => Promise<GraphqlData>,
  operator: string,
  isConfirmed: boolean,
): Promise<void> {
  const { tenant } = marked
  const as = personOf(marked, operator)
  const { id: globalId, displayName } = (await ask(viewer, {}, as)).viewer.operator
  const id = Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? ''
  const { userId } = personOf(marked, 'Pia')
  const administrator = microsoft.user(userId)
  const audience = 'https://graph.microsoft.com'
  const { code } = await db.withTenants([tenant.id], (tx) =>
    storeWaitingSession(services, tx, {
      operator: { id, kind: 'PERSON', displayName },
      tenantId: tenant.id,
      signedIn: {
        tenantId: tenant.id,
        objectId: userId,
        homeTenantId: tenant.id,
        homeObjectId: userId,
        displayName: administrator.displayName,
        userPrincipalName: administrator.userPrincipalName,
        scopes: [],
        accessToken: microsoft.token({ tenantId: tenant.id, userId, audience, appId: services.clientId }),
        expiresAt: new Date(Date.now() + 3_600_000),
      },
      roles: tenant.roleAssignments.filter((row) => row.principalId === userId).map((row) => row.roleDefinitionId),
    }),
  )
  if (isConfirmed) await ask(confirm, { input: { tenantId: tenantGlobalId(tenant.id), code } }, as)
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the documents above
type GraphqlData = any
