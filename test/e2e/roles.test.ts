/** What each role opens by itself, for every field that the schema begins with: what is not said here is refused. */
import { getNamedType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeSample } from '../../simulator/sample/world.ts'
import { type Role, roles } from '../../src/context.ts'
import { createApiKey } from '../../src/db/api-keys.ts'
import { grantAccess } from '../../src/db/operators.ts'
import { apiKeyGlobalId, scopedId, tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { schema } from '../../src/schema/index.ts'
import { makeApiKey } from '../../src/services/operators/api-key-form.ts'
import { anEventStream } from '../support/event-stream.ts'
import { aForge, type Forge } from '../support/forged-tokens.ts'
import { analyst, aRemovalsScene, otherTenantName, type RemovalsScene } from '../support/removals-scene.ts'

const tenantId = describeSample().personas.analyst.tenantId
const tenant = tenantGlobalId(tenantId)

let scene: RemovalsScene
let forge: Forge
let apiKeyId: string
let runId: string
/** What is offered first of each kind. */
const offered = new Map<string, { eventId: string; subjectId: string }>()

beforeAll(async () => {
  scene = await aRemovalsScene()
  const caller = analyst as { tenantId: string; userId: string }
  forge = aForge(scene.gateway.microsoft, caller, '')
  const { data } = await scene.gateway.graphql(
    `query ($ids: [ID!]) { securityEvents(tenantIds: $ids, first: 100) { edges { node { id availableRemediations { kind
      requirements { __typename } subject { ... on Node { id } } } } } } }`,
    { ids: [tenant] },
    { as: analyst },
  )
  for (const { node } of data.securityEvents.edges) {
    for (const { kind, requirements, subject } of node.availableRemediations) {
      if (!offered.has(kind) && (requirements.length === 0 || kind === 'RESET_PASSWORD'))
        offered.set(kind, { eventId: node.id, subjectId: subject.id })
    }
  }
  const key = await scene.gateway.db.plain((tx) =>
    createApiKey(tx, { name: 'Pager', hash: makeApiKey().hash, lastFour: 'none' }),
  )
  await scene.gateway.db.plain((tx) =>
    grantAccess(tx, { operatorId: key.operatorId, tenantId, roles: ['Events.Read'], grantedBy: 'test' }),
  )
  apiKeyId = apiKeyGlobalId(key.id)
  const { data: done } = await scene.gateway.graphql(
    'mutation ($input: BlockUserInput!) { blockUser(input: $input) { ... on RemediationRun { id } } }',
    { input: acting('REVOKE_SESSIONS', { actions: ['REVOKE_SESSIONS'] }) },
    { as: analyst },
  )
  runId = done.blockUser.id
})
afterAll(() => scene?.close())

/** The same in the neighbouring tenant. */
function aStranger(): string {
  const { id } = scene.gateway.microsoft.tenant(otherTenantName)
  const oid = crypto.randomUUID()
  return `Bearer ${forge.saying({ tid: id, iss: `${scene.gateway.microsoft.url}/${id}/v2.0`, oid, roles })}`
}

/** A person of the tenant whose token names these roles, and who was never seen before. */
const aPerson = (held: readonly Role[]) => `Bearer ${forge.saying({ oid: crypto.randomUUID(), roles: held })}`

/** What came of one call: the code of an error, the type of a union's member, or how much there was. */
type Outcome = string
type Ask = (as: string) => Promise<Outcome>

interface Row {
  /** `Type.field`. */
  field: string
  about?: string
  ask: Ask
  /** All of them are needed; by what is answered when it is the first that is missing. */
  needs: readonly (readonly [Role, Outcome])[]
  /** With what is needed, and no role besides. */
  given: Outcome
  /** To somebody with no role in the tenant. */
  unseen: Outcome
  /** To somebody who holds all roles, but in another tenant; default: as `unseen`. */
  elsewhere?: Outcome
}

const toEverybodyInTheTenant: Row['needs'] = []

/** Asks in one document; `path` leads to what the row is about. */
const asking =
  (document: string, variables: () => object, path: readonly string[]): Ask =>
  async (as) => {
    const { data, errors } = await scene.gateway.graphql(document, { ...variables() }, { as })
    const [error] = errors
    if (error) return String(error.extensions['code'])
    return outcomeOf(path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : value), data))
  }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function outcomeOf(value: unknown): Outcome {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : outcomeOf(value[0])
  if (!isRecord(value)) return 'given'
  const { __typename, edges, refusals, results } = value
  if (Array.isArray(edges)) return edges.length === 0 ? 'empty' : 'given'
  const [first] = [refusals, results].flatMap((list) => (Array.isArray(list) ? list : []))
  if (isRecord(first)) return String(first['outcome'] ?? first['__typename'])
  return typeof __typename === 'string' ? __typename : 'given'
}

const inTenant = (field: string, selection = ''): Ask =>
  asking(`query ($id: ID!) { tenant(id: $id) { ${field} ${selection} } }`, () => ({ id: tenant }), ['tenant', field])
const node = (id: () => string): Ask =>
  asking('query ($id: ID!) { node(id: $id) { __typename } }', () => ({ id: id() }), ['node'])
const nodes = (id: () => string): Ask =>
  asking('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }', () => ({ ids: [id()] }), ['nodes'])
const mutation = (field: string, input: () => object, selection = ''): Ask => {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const document = `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ${selection} } }`
  return asking(document, () => ({ input: input() }), [field])
}

const target = (kind: string) => {
  const found = offered.get(kind)
  if (!found) throw new Error(`The sample offers no ${kind}: ${[...offered.keys()]}`)
  return found
}
const acting = (kind: string, more: object = {}) => ({
  ...target(kind),
  idempotencyKey: crypto.randomUUID(),
  ...more,
})
const eventId = () => target('REVOKE_SESSIONS').eventId
const subjectId = () => target('REVOKE_SESSIONS').subjectId

/** Of nothing that anybody need hear of. */
const aRecord = () => ({
  OrganizationId: tenantId,
  Id: crypto.randomUUID(),
  CreationTime: new Date().toISOString().slice(0, 19),
  Operation: 'Nothing.',
  RecordType: 8,
  UserType: 0,
  UserKey: 'nobody',
  UserId: 'nobody',
  Workload: 'AzureActiveDirectory',
})

const readEvents = ['Events.Read', 'FORBIDDEN'] as const
/** Who may not read events is told of none. */
const findEvents = ['Events.Read', 'NotFoundError'] as const
const notAllowed = (role: Role) => [role, 'NotAllowedError'] as const
const removal = (field: string, kind: string): Row => ({
  field: `Mutation.${field}`,
  ask: mutation(field, () => acting(kind)),
  needs: [findEvents, notAllowed('Remediations.AppsAndRules')],
  given: 'RemediationRun',
  unseen: 'NotFoundError',
})
const ofTenant = (field: string, given: Outcome, selection = ''): Row => ({
  field: `Tenant.${field}`,
  ask: inTenant(field, selection),
  needs: toEverybodyInTheTenant,
  given,
  unseen: 'null',
})
const ofViewer = (field: string, selection: string, given: Outcome, unseen = given): Row => ({
  field: `Viewer.${field}`,
  ask: asking(`{ viewer { ${field} { ${selection} } } }`, () => ({}), ['viewer', field]),
  needs: toEverybodyInTheTenant,
  given,
  unseen,
})

const nodeRows = (about: string, id: () => string, needs: Row['needs'], given: Outcome): Row[] => [
  { field: 'Query.node', about, ask: node(id), needs, given, unseen: 'null' },
  { field: 'Query.nodes', about, ask: nodes(id), needs, given, unseen: 'null' },
]

const rows: Row[] = [
  {
    field: 'Query.viewer',
    ask: asking('{ viewer { operator { id } } }', () => ({}), ['viewer']),
    needs: toEverybodyInTheTenant,
    given: 'given',
    unseen: 'given',
  },
  ofViewer('operator', 'id', 'given'),
  ofViewer('support', 'email', 'given'),
  { ...ofViewer('grants', 'roles', 'given', 'empty'), elsewhere: 'given' },
  ofViewer('privilegedSessions', 'id', 'empty'),
  {
    field: 'Query.tenant',
    ask: asking('query ($id: ID!) { tenant(id: $id) { id } }', () => ({ id: tenant }), ['tenant']),
    needs: toEverybodyInTheTenant,
    given: 'given',
    unseen: 'null',
  },
  {
    field: 'Query.tenants',
    ask: asking('{ tenants { edges { cursor } } }', () => ({}), ['tenants']),
    needs: toEverybodyInTheTenant,
    given: 'given',
    unseen: 'empty',
    elsewhere: 'given',
  },
  ofTenant('id', 'given'),
  ofTenant('name', 'given'),
  ofTenant('entraTenantId', 'given'),
  ofTenant('status', 'given'),
  ofTenant('privilegedSession', 'null', '{ id }'),
  ofTenant('health', 'given', '{ status }'),
  ofTenant('feed', 'null', '{ contents { contentType } }'),
  {
    field: 'Tenant.apiKeys',
    ask: inTenant('apiKeys', '{ edges { cursor } }'),
    needs: [['Administer', 'FORBIDDEN']],
    given: 'given',
    unseen: 'null',
  },
  {
    field: 'Query.securityEvent',
    ask: asking('query ($id: ID!) { securityEvent(id: $id) { id } }', () => ({ id: eventId() }), ['securityEvent']),
    needs: [readEvents],
    given: 'given',
    unseen: 'null',
  },
  {
    field: 'Query.securityEvents',
    about: 'of the tenant',
    ask: asking(
      'query ($ids: [ID!]) { securityEvents(tenantIds: $ids) { edges { cursor } } }',
      () => ({ ids: [tenant] }),
      ['securityEvents'],
    ),
    needs: [readEvents],
    given: 'given',
    unseen: 'empty',
  },
  {
    field: 'Query.securityEvents',
    about: 'of all tenants',
    ask: asking('{ securityEvents { edges { cursor } } }', () => ({}), ['securityEvents']),
    needs: [['Events.Read', 'empty']],
    given: 'given',
    unseen: 'empty',
    elsewhere: 'given',
  },
  {
    field: 'Query.auditEntries',
    ask: asking('query ($id: ID!) { auditEntries(tenantId: $id) { edges { cursor } } }', () => ({ id: tenant }), [
      'auditEntries',
    ]),
    needs: [['Audit.Read', 'FORBIDDEN']],
    given: 'given',
    unseen: 'null',
  },
  {
    field: 'Query.planRemediation',
    ask: asking(
      `query ($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename
        ... on RemediationPlan { refusals { __typename } } } }`,
      () => ({ input: { ...target('REVOKE_SESSIONS'), actions: ['REVOKE_SESSIONS'] } }),
      ['planRemediation'],
    ),
    needs: [findEvents, notAllowed('Remediations.User')],
    given: 'RemediationPlan',
    unseen: 'NotFoundError',
  },
  ...nodeRows('a tenant', () => tenant, toEverybodyInTheTenant, 'Tenant'),
  ...nodeRows('an event', eventId, [readEvents], 'SecurityEvent'),
  ...nodeRows('a subject', subjectId, [readEvents], 'UserSubject'),
  ...nodeRows('a run', () => runId, [['Events.Read', 'null']], 'RemediationRun'),
  ...nodeRows(
    'an audit entry',
    () => scopedId('AuditEntry', tenantId, '1'),
    [['Audit.Read', 'FORBIDDEN']],
    'AuditEntry',
  ),
  {
    field: 'Mutation.blockUser',
    ask: mutation('blockUser', () => acting('REVOKE_SESSIONS', { actions: ['REVOKE_SESSIONS'] })),
    needs: [findEvents, notAllowed('Remediations.User')],
    given: 'RemediationRun',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.resetPassword',
    ask: mutation('resetPassword', () => acting('RESET_PASSWORD', { passwordDelivery: { onScreen: true } })),
    needs: [findEvents, notAllowed('Remediations.User'), notAllowed('Remediations.Privileged')],
    given: 'PrivilegedSignInRequiredError',
    unseen: 'NotFoundError',
  },
  removal('removeApp', 'REMOVE_APP'),
  removal('removeInboxRule', 'REMOVE_INBOX_RULE'),
  removal('removeMailboxForwarding', 'REMOVE_MAILBOX_FORWARDING'),
  removal('removeTransportRule', 'REMOVE_TRANSPORT_RULE'),
  removal('removeMailboxAccess', 'REMOVE_MAILBOX_ACCESS'),
  {
    field: 'Mutation.importAuditRecords',
    ask: mutation(
      'importAuditRecords',
      () => ({ records: [aRecord()] }),
      '... on ImportedAuditRecords { results { outcome } }',
    ),
    needs: [['Events.Ingest', 'NOT_ALLOWED']],
    given: 'NO_EVENT',
    unseen: 'NOT_FOUND',
  },
  {
    field: 'Mutation.connectTenant',
    ask: mutation('connectTenant', () => ({ entraTenantId: crypto.randomUUID(), name: 'Wingtip Toys' })),
    needs: [notAllowed('Administer')],
    given: 'TenantConsentLink',
    unseen: 'NotAllowedError',
    // Whoever administers a tenant may ask another one; its own administrator decides.
    elsewhere: 'TenantConsentLink',
  },
  {
    field: 'Mutation.createApiKey',
    ask: mutation('createApiKey', () => ({ name: 'Pager', grants: [{ tenantId: tenant, roles: ['Administer'] }] })),
    needs: [notAllowed('Administer')],
    given: 'CreatedApiKey',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.revokeApiKey',
    ask: mutation('revokeApiKey', () => ({ apiKeyId })),
    needs: [['Administer', 'NotFoundError']],
    given: 'RevokedApiKey',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.confirmPrivilegedSignIn',
    ask: mutation('confirmPrivilegedSignIn', () => ({ tenantId: tenant, code: 'AAAA-AAAA' })),
    needs: [notAllowed('Remediations.Privileged')],
    // Nothing waits for whoever may.
    given: 'NotFoundError',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.openPrivilegedSession',
    ask: mutation('openPrivilegedSession', () => ({ tenantId: tenant, accessToken: 'none' })),
    needs: [notAllowed('Remediations.Privileged')],
    given: 'InvalidInputError',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.endPrivilegedSession',
    ask: mutation('endPrivilegedSession', () => ({ tenantId: tenant })),
    needs: toEverybodyInTheTenant,
    given: 'NotFoundError',
    unseen: 'NotFoundError',
  },
  {
    field: 'Subscription.securityEventAdded',
    async ask(as) {
      const stream = await anEventStream(scene.gateway, { tenantIds: [tenant] }, { as })
      try {
        await expect.poll(() => stream.isOver() || stream.comments() > 0, { timeout: 5_000 }).toBe(true)
        return stream.codes[0] ?? (stream.isOver() ? 'over' : 'given')
      } finally {
        stream.cut()
      }
    },
    needs: [readEvents],
    given: 'given',
    unseen: 'FORBIDDEN',
  },
]

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
        ...short.map((held) => [held.join(' '), aPerson(held), answerTo(held)] as const),
        ['no role', aPerson([]), unseen] as const,
        ['all roles in another tenant', aStranger(), elsewhere] as const,
      ]
      const answers = []
      for (const [who, as] of callers) answers.push([who, await ask(as)])
      expect(answers).toEqual(callers.map(([who, , expected]) => [who, expected]))
      expect(scene.writes()).toBe(writes)
    })

    test.runIf(needed.length > 0)(`is answered to ${needed.join(' and ')}`, async () => {
      expect(await ask(aPerson(needed))).toBe(given)
    })
  },
)
