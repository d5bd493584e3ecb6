/** What each field needs that a document can begin with, and that a tenant and the viewer show: the answer with it and without. */
import { expect } from 'vitest'
import type { Role } from '../../src/context.ts'
import { scopedId } from '../../src/resolvers/global-ids.ts'
import { anEventStream } from './event-stream.ts'
import type { RoleScene } from './role-scene.ts'

/** What came of one call: the code of an error, the type of a union's member, or how much there was. */
export type Outcome = string
type Ask = (scene: RoleScene, as: string) => Promise<Outcome>
type Of<T> = (scene: RoleScene) => T

export interface Row {
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
  (document: string, variables: Of<object>, path: readonly string[]): Ask =>
  async (scene, as) => {
    const { data, errors } = await scene.gateway.graphql(document, { ...variables(scene) }, { as })
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
  asking(`query ($id: ID!) { tenant(id: $id) { ${field} ${selection} } }`, ({ tenant }) => ({ id: tenant }), [
    'tenant',
    field,
  ])
const node = (id: Of<string>): Ask =>
  asking('query ($id: ID!) { node(id: $id) { __typename } }', (scene) => ({ id: id(scene) }), ['node'])
const nodes = (id: Of<string>): Ask =>
  asking('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }', (scene) => ({ ids: [id(scene)] }), ['nodes'])
const mutation = (field: string, input: Of<object>, selection = ''): Ask => {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
  const document = `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ${selection} } }`
  return asking(document, (scene) => ({ input: input(scene) }), [field])
}

const acting =
  (kind: string, more: object = {}): Of<object> =>
  ({ target }) => ({ ...target(kind), idempotencyKey: crypto.randomUUID(), ...more })
const eventId: Of<string> = ({ target }) => target('REVOKE_SESSIONS').eventId
const subjectId: Of<string> = ({ target }) => target('REVOKE_SESSIONS').subjectId

/** Of nothing that anybody need hear of. */
const aRecord = (tenantId: string) => ({
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
  ask: mutation(field, acting(kind)),
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

const nodeRows = (about: string, id: Of<string>, needs: Row['needs'], given: Outcome): Row[] => [
  { field: 'Query.node', about, ask: node(id), needs, given, unseen: 'null' },
  { field: 'Query.nodes', about, ask: nodes(id), needs, given, unseen: 'null' },
]

export const rows: Row[] = [
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
    ask: asking('query ($id: ID!) { tenant(id: $id) { id } }', ({ tenant }) => ({ id: tenant }), ['tenant']),
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
    ask: asking('query ($id: ID!) { securityEvent(id: $id) { id } }', (scene) => ({ id: eventId(scene) }), [
      'securityEvent',
    ]),
    needs: [readEvents],
    given: 'given',
    unseen: 'null',
  },
  {
    field: 'Query.securityEvents',
    about: 'of the tenant',
    ask: asking(
      'query ($ids: [ID!]) { securityEvents(tenantIds: $ids) { edges { cursor } } }',
      ({ tenant }) => ({ ids: [tenant] }),
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
    ask: asking(
      'query ($id: ID!) { auditEntries(tenantId: $id) { edges { cursor } } }',
      ({ tenant }) => ({ id: tenant }),
      ['auditEntries'],
    ),
    needs: [['Audit.Read', 'FORBIDDEN']],
    given: 'given',
    unseen: 'null',
  },
  {
    field: 'Query.planRemediation',
    ask: asking(
      `query ($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename
        ... on RemediationPlan { refusals { __typename } } } }`,
      ({ target }) => ({ input: { ...target('REVOKE_SESSIONS'), actions: ['REVOKE_SESSIONS'] } }),
      ['planRemediation'],
    ),
    needs: [findEvents, notAllowed('Remediations.User')],
    given: 'RemediationPlan',
    unseen: 'NotFoundError',
  },
  ...nodeRows('a tenant', ({ tenant }) => tenant, toEverybodyInTheTenant, 'Tenant'),
  ...nodeRows('an event', eventId, [readEvents], 'SecurityEvent'),
  ...nodeRows('a subject', subjectId, [readEvents], 'UserSubject'),
  ...nodeRows('a run', ({ runId }) => runId, [['Events.Read', 'null']], 'RemediationRun'),
  ...nodeRows(
    'an audit entry',
    ({ tenantId }) => scopedId('AuditEntry', tenantId, '1'),
    [['Audit.Read', 'FORBIDDEN']],
    'AuditEntry',
  ),
  {
    field: 'Mutation.blockUser',
    ask: mutation('blockUser', acting('REVOKE_SESSIONS', { actions: ['REVOKE_SESSIONS'] })),
    needs: [findEvents, notAllowed('Remediations.User')],
    given: 'RemediationRun',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.resetPassword',
    ask: mutation('resetPassword', acting('RESET_PASSWORD', { passwordDelivery: { onScreen: true } })),
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
      ({ tenantId }) => ({ records: [aRecord(tenantId)] }),
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
    ask: mutation('createApiKey', ({ tenant }) => ({
      name: 'Pager',
      grants: [{ tenantId: tenant, roles: ['Administer'] }],
    })),
    needs: [notAllowed('Administer')],
    given: 'CreatedApiKey',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.revokeApiKey',
    ask: mutation('revokeApiKey', ({ apiKeyId }) => ({ apiKeyId })),
    needs: [['Administer', 'NotFoundError']],
    given: 'RevokedApiKey',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.confirmPrivilegedSignIn',
    ask: mutation('confirmPrivilegedSignIn', ({ tenant }) => ({ tenantId: tenant, code: 'AAAA-AAAA' })),
    needs: [notAllowed('Remediations.Privileged')],
    // Nothing waits for whoever may.
    given: 'NotFoundError',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.openPrivilegedSession',
    ask: mutation('openPrivilegedSession', ({ tenant }) => ({ tenantId: tenant, accessToken: 'none' })),
    needs: [notAllowed('Remediations.Privileged')],
    given: 'InvalidInputError',
    unseen: 'NotFoundError',
  },
  {
    field: 'Mutation.endPrivilegedSession',
    ask: mutation('endPrivilegedSession', ({ tenant }) => ({ tenantId: tenant })),
    needs: toEverybodyInTheTenant,
    given: 'NotFoundError',
    unseen: 'NotFoundError',
  },
  {
    field: 'Subscription.securityEventAdded',
    async ask({ gateway, tenant }, as) {
      const stream = await anEventStream(gateway, { tenantIds: [tenant] }, { as })
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
