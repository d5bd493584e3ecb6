/** Who, for whom, why, what, with whose rights, what came of it, on what evidence: what each entry of the audit carries. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import type { AuditEntryRow } from '../../src/db/audit.ts'
import { grantAccess, upsertOperator } from '../../src/db/operators.ts'
import { operatorGlobalId, tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { recoverRun } from '../../src/services/remediations/recover.ts'
import { canary } from '../support/canary/canary.ts'
import type { As } from '../support/gateway.ts'
import { aSignInScene, as, codeOn, contoso, olga, type SignInScene, wingtip } from '../support/sign-in-scene.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

const callersTrace = '0af7651916cd43dd8448eb211c80319c'

let scene: SignInScene
let entries: AuditEntryRow[]
let ofWingtip: AuditEntryRow[]
let exactTrace: { header: string | null; log: string }
beforeAll(async () => {
  scene = await aSignInScene()
  await play()
  entries = await scene.audit()
  ofWingtip = await scene.audit(wingtip.id)
})
afterAll(() => scene.close())

const run = `__typename ... on RemediationRun { id status temporaryPassword steps { kind state code } }
  ... on Refusal { code message } ... on PrivilegedSignInRequiredError { signInUrl }`
const documents = {
  options:
    '{ securityEvents(first: 1) { edges { node { id availableRemediations { subject { ... on Node { id } } } } } } }',
  blockUser: `mutation ($input: BlockUserInput!) { blockUser(input: $input) { ${run} } }`,
  resetPassword: `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { ${run} } }`,
  endSession: 'mutation ($input: EndPrivilegedSessionInput!) { endPrivilegedSession(input: $input) { __typename } }',
  createApiKey: `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename
    ... on CreatedApiKey { apiKey { id } key } } }`,
  revokeApiKey: 'mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename } }',
  importRecords: `mutation ($input: ImportAuditRecordsInput!) { importAuditRecords(input: $input) { __typename } }`,
  connectTenant: `mutation ($input: ConnectTenantInput!) { connectTenant(input: $input) { __typename
    ... on TenantConsentLink { consentUrl } } }`,
}

/** Everything that is recorded at the API, once. */
async function play(): Promise<void> {
  const { gateway } = scene
  const { microsoft } = gateway
  const tenantId = tenantGlobalId(contoso.id)
  const ask = async (document: string, variables = {}, who: As = olga, headers: Record<string, string> = {}) => {
    const { data, errors, headers: answered } = await gateway.graphql(document, variables, { as: who, headers })
    expect(errors).toEqual([])
    return { data, answered }
  }
  const { node } = (await ask(documents.options)).data.securityEvents.edges[0]
  const target = { eventId: node.id, subjectId: node.availableRemediations[0].subject.id }
  const reset = async (passwordDelivery: object, idempotencyKey: string) =>
    (await ask(documents.resetPassword, { input: { ...target, passwordDelivery, idempotencyKey } })).data.resetPassword
  const block = (actions: string[], idempotencyKey: string, headers = {}) =>
    ask(documents.blockUser, { input: { ...target, actions, idempotencyKey } }, olga, headers)

  const refused = await reset({ onScreen: true }, 'password')
  await scene.signedIn(refused.signInUrl, userOf(contoso, 'Uma').id)
  const page = await scene.signedIn(refused.signInUrl, userOf(contoso, 'Pia').id)
  await scene.confirm(olga, codeOn(page))

  const { data, answered } = await block(['DISABLE_USER'], 'block', {
    traceparent: `00-${callersTrace}-b7ad6b7169203331-01`,
  })
  expect(data.blockUser).toMatchObject({ status: 'SUCCEEDED' })
  expect((await block(['DISABLE_USER', 'REVOKE_SESSIONS'], 'again')).data.blockUser.status).toBe('SUCCEEDED')
  exactTrace = { header: answered.get('x-trace-id'), log: gateway.log() }

  const carla = await anOperator('Carla', 'carla@example.com')
  const bo = await anOperator('Bo', 'bo@example.net')
  microsoft.world.switches = { refusedRecipients: ['bo@example.net'] }
  await reset({ onScreen: true, emailOperatorIds: [carla, bo].map(operatorGlobalId) }, 'password')
  const [uma] = [userOf(microsoft.tenant('Contoso'), 'Uma')]
  for (const to of ['carla@example.com']) canary.mailAskedFor({ to, password: uma.password })
  microsoft.world.switches = {}

  const revoke = { service: 'graph', method: 'POST', path: 'revokeSignInSessions' } as const
  microsoft.fault({ ...revoke, fault: 'status', args: { status: 404, code: 'Request_ResourceNotFound' } })
  expect((await block(['REVOKE_SESSIONS'], 'failing')).data.blockUser).toMatchObject({ status: 'FAILED' })
  const read = { service: 'graph', path: `users/${uma.id}`, times: 100 } as const
  // The outcome cannot be read: what was said to be done is accepted, what was cut nobody knows of.
  for (const [key, cut] of [
    ['accepting', false],
    ['unknowing', true],
  ] as const) {
    const reset = cut ? microsoft.fault({ ...revoke, fault: 'resetAfter', times: 10 }) : null
    const stale = microsoft.fault({ ...read, method: 'GET', fault: 'stale', args: { ms: 60_000 } })
    const { id } = (await block(['REVOKE_SESSIONS'], key)).data.blockUser
    stale.end()
    reset?.end()
    const [, runId] = Buffer.from(id, 'base64url').toString().split('/')
    await recoverRun(gateway.services, contoso.id, runId ?? '')
  }

  await ask(documents.endSession, { input: { tenantId } })
  const grants = [{ tenantId, roles: ['Events.Read'] }]
  const { createApiKey } = (await ask(documents.createApiKey, { input: { name: 'Tickets', grants } })).data
  canary.secret('API key', createApiKey.key)
  await ask(documents.revokeApiKey, { input: { apiKeyId: createApiKey.apiKey.id } })
  const key = await gateway.anApiKey([{ tenantId: contoso.id, roles: ['Events.Ingest'] }])
  const records = [{ ...aRoleRecord(), OrganizationId: contoso.id }]
  await ask(documents.importRecords, { input: { records } }, key)

  // Otto is no Global Administrator of Contoso; Wanda is one of Wingtip Toys, which we do not know yet.
  for (const [tenant, name] of [
    [contoso, 'Otto'],
    [wingtip, 'Wanda'],
  ] as const) {
    const connecting = { input: { entraTenantId: tenant.id, name: tenant.displayName } }
    const { consentUrl } = (await ask(documents.connectTenant, connecting)).data.connectTenant
    const browser = scene.browser()
    let page = await browser.press(consentUrl)
    while (page.location) page = await browser.get(await microsoft.signIn(page.location, as(name, tenant).userId))
  }

  async function anOperator(displayName: string, email: string): Promise<string> {
    return gateway.db.plain(async (tx) => {
      const externalId = crypto.randomUUID()
      const { id } = await upsertOperator(tx, { kind: 'PERSON', tenantId: contoso.id, externalId, displayName, email })
      await grantAccess(tx, { operatorId: id, tenantId: contoso.id, roles: ['Events.Read'], grantedBy: 'a test' })
      return id
    })
  }
}

const aRoleRecord = () => ({
  Id: crypto.randomUUID(),
  CreationTime: '2026-03-14T16:00:00',
  Operation: 'Reset user password.',
  RecordType: 8,
  UserType: 0,
  UserKey: 'x',
  UserId: 'gloria@contoso.com',
  Workload: 'AzureActiveDirectory',
  ResultStatus: 'Success',
  ObjectId: 'uma@contoso.com',
  Target: [{ ID: 'uma@contoso.com', Type: 5 }],
})

type Carries =
  | 'who'
  | 'event'
  | 'run'
  | 'what'
  | 'whom'
  | 'credential'
  | 'result'
  | 'evidence'
  | 'calls'
  | 'key'
  | 'administrator'

const shown: Record<Carries, (entry: AuditEntryRow) => unknown> = {
  who: ({ operator }) => operator?.id && operator.kind && operator.displayName,
  event: ({ eventId }) => eventId,
  run: ({ runId }) => runId,
  what: ({ kind, details }) => kind ?? details['kinds'],
  whom: ({ subjectId }) => subjectId,
  credential: ({ details: { credential, sessionId, administrator } }) =>
    credential === 'APPLICATION' || (credential === 'PRIVILEGED_SESSION' && sessionId && administrator),
  result: ({ details: { code, sentence, message, reason } }) => code ?? sentence ?? message ?? reason,
  evidence: ({ details }) => 'evidence' in details,
  calls: ({ details }) => Array.isArray(details['upstreamCalls']),
  key: ({ details }) => details['idempotencyKey'],
  administrator: ({ details }) => details['administrator'],
}

const ofStep: Carries[] = ['who', 'event', 'run', 'what', 'whom']
const outcome: Carries[] = [...ofStep, 'credential', 'result', 'evidence', 'calls']
const table: Record<string, Carries[]> = {
  'remediation.requested': ['who', 'event', 'run', 'what', 'whom', 'key'],
  'remediation.refused': ['who', 'event', 'what', 'whom', 'result', 'key'],
  'remediation.started': [...ofStep, 'credential', 'evidence'],
  'remediation.confirmed': outcome,
  'remediation.accepted': outcome,
  'remediation.failed': outcome,
  'remediation.unknown': outcome,
  'remediation.settled': outcome,
  'remediation.skipped': [...ofStep, 'result'],
  'password.shown': ofStep,
  'password.delivered': ofStep,
  'password.delivery_failed': ofStep,
  'privileged_sign_in.opened': ['who'],
  'privileged_sign_in.refused': ['who', 'result'],
  'privileged_sign_in.completed': ['who', 'administrator'],
  'privileged_sign_in.confirmed': ['who', 'administrator'],
  'privileged_sign_in.ended': ['who', 'administrator', 'result'],
  'api_key.created': ['who'],
  'api_key.revoked': ['who'],
  'events.imported': ['who'],
  'consent.asked': ['who'],
  'consent.refused': ['who', 'result'],
  'consent.verified': ['who'],
  'tenant.connected': ['who'],
  'access.granted': ['who'],
}

describe('entries of', () => {
  test.each(Object.entries(table))('%s carry what they must, and the trace of their request', (name, carried) => {
    const found = [...entries, ...ofWingtip].filter((entry) => entry.name === name)
    expect(found).not.toEqual([])
    for (const entry of found) {
      // Records of the scene itself come from nobody.
      if (name === 'events.imported' && entry.operator === null) continue
      const missing = carried.filter((one) => !shown[one](entry))
      expect(missing, JSON.stringify(entry.details)).toEqual([])
      if (entry.details['by'] === undefined || entry.operator)
        expect(entry.details['traceId'] ?? (entry.name === 'remediation.settled' && 'of no request')).toMatch(
          /^[0-9a-f]{32}$|of no request/,
        )
    }
  })

  test('the table names every entry that the scene made', () => {
    expect(new Set([...entries, ...ofWingtip].map(({ name }) => name))).toEqual(new Set(Object.keys(table)))
  })
})

describe('a trace', () => {
  test('begun by the caller is in the answer, the log and the audit', () => {
    expect(exactTrace.header).toBe(callersTrace)
    const lines = exactTrace.log.split('\n').filter((line) => line.includes(`"traceId":"${callersTrace}"`))
    expect(lines.some((line) => line.includes('"operation"'))).toBe(true)
    const traced = entries.filter(({ details }) => details['traceId'] === callersTrace)
    expect(traced.map(({ name, kind }) => [name, kind])).toEqual([
      ['remediation.requested', null],
      ['remediation.started', 'DISABLE_USER'],
      ['remediation.confirmed', 'DISABLE_USER'],
    ])
  })

  test.each([
    ['none', undefined],
    ['one of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['one in capitals', `00-${callersTrace.toUpperCase()}-b7ad6b7169203331-01`],
    ['one that is too long', `00-${callersTrace}-b7ad6b7169203331-01-x`],
    ['one of version ff', `ff-${callersTrace}-b7ad6b7169203331-01`],
    ['words', 'Ada <ada@contoso.com>'],
  ])('is made for %s', async (_, traceparent) => {
    const answer = await scene.gateway.fetch('/health/live', { headers: traceparent ? { traceparent } : {} })
    const traceId = answer.headers.get('x-trace-id')
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(traceId).not.toBe(callersTrace)
  })

  test('of a later version is taken', async () => {
    const headers = { traceparent: `01-${callersTrace}-b7ad6b7169203331-01-more` }
    expect((await scene.gateway.fetch('/health/live', { headers })).headers.get('x-trace-id')).toBe(callersTrace)
  })
})

test('every call of a step is named by its request id, the writes and the reads that looked at what came of them', () => {
  const confirmed = entries.find(({ name, kind }) => name === 'remediation.confirmed' && kind === 'DISABLE_USER')
  const calls = confirmed?.details['upstreamCalls'] as { method: string; status: number; requestId: string }[]
  const journal = scene.gateway.microsoft.journal()
  expect(calls.map(({ method }) => method)).toEqual(['PATCH', 'GET'])
  for (const { requestId } of calls) expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  expect(calls[0]?.requestId).toBe(confirmed?.details['upstreamRequestId'])
  expect(journal.some(({ method, mutates }) => method === 'PATCH' && mutates)).toBe(true)
  const unknown = entries.find(({ name }) => name === 'remediation.unknown')
  expect(unknown?.details['upstreamCalls']).toContainEqual({
    service: 'graph',
    method: 'POST',
    status: null,
    requestId: null,
  })
})

test('the API shows the trace and with whose rights Microsoft was called, and finds entries by whom and what they are about', async () => {
  const document = `query ($id: ID!, $filter: AuditEntryFilter) { auditEntries(tenantId: $id, filter: $filter) {
    edges { node { name kind subjectId traceId credential } } } }`
  const id = tenantGlobalId(contoso.id)
  const ask = async (filter: object) => {
    const { data, errors } = await scene.gateway.graphql(document, { id, filter }, { as: olga })
    expect(errors).toEqual([])
    return data.auditEntries.edges.map(({ node }: { node: object }) => node)
  }
  const [started] = await ask({ names: ['remediation.started'], kind: 'DISABLE_USER' })
  expect(started).toMatchObject({ traceId: callersTrace, credential: 'PRIVILEGED_SESSION' })
  const about = await ask({ subjectId: started.subjectId })
  expect(about.length).toBeGreaterThan(10)
  const [disabling] = await ask({ kind: 'DISABLE_USER' })
  expect(disabling).toMatchObject({ name: 'remediation.skipped' })
  const { errors } = await scene.gateway.graphql(
    document,
    { id, filter: { names: Array.from({ length: 51 }, (_, n) => `x.${n}`) } },
    { as: olga },
  )
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ path: ['filter', 'names'] }] })
})
