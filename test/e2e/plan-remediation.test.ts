import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { servicePrincipalOf } from '../../simulator/grants.ts'
import { type ApiScene, anApiScene, analyst, aRecord, blockUser, contoso, privileged } from '../support/api-scene.ts'

let scene: ApiScene

beforeAll(async () => {
  scene = await anApiScene()
  await scene.gateway.importRecords(['Ada', 'Hanna', 'Gloria'].map((name, index) => aRecord(contoso, name, 11 + index)))
})
afterAll(() => scene?.close())

const plan = `query Plan($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename
  ... on RemediationPlan {
    calls { kind method path credential permissions subject { ... on Node { id } } }
    skipped { kind code subject { ... on Node { id } } }
    refusals { __typename code message
      ... on PrivilegedSignInRequiredError { signInUrl acceptedRoles expiresAt }
      ... on TenantUnhealthyError { checks { name status } }
      ... on RemediationUnavailableError { reasons { kind code subject { ... on Node { id } } } } } }
  ... on Refusal { code message }
  ... on InvalidInputError { issues { path message } } } }`

type As = Parameters<ApiScene['gateway']['graphql']>[2]

/** Event and subject, as a client finds them. */
async function targetOf(userPrincipalName: string, as: As = { as: analyst }) {
  const { data } = await scene.gateway.graphql(
    `query ($filter: SecurityEventFilter) { securityEvents(filter: $filter, first: 1) { edges { node { id
      subjects { ... on UserSubject { id userPrincipalName } } } } } }`,
    { filter: { userPrincipalName } },
    as,
  )
  const { id: eventId, subjects } = data.securityEvents.edges[0].node
  const subject = subjects.find((one: { userPrincipalName?: string }) => one.userPrincipalName === userPrincipalName)
  return { eventId, subjectId: subject.id, actions: ['DISABLE_USER', 'REVOKE_SESSIONS'] }
}

async function planFor(input: object, as: As = { as: analyst }, document = plan) {
  const { data, errors } = await scene.gateway.graphql(document, { input }, as)
  expect(errors).toEqual([])
  return data.planRemediation
}

test('the dry run lists calls with credential and permissions in the order of application, and sends none', async () => {
  const input = await targetOf('bruno@contoso.com')
  const seen = scene.gateway.microsoft.journal().length
  const { __typename, calls, skipped, refusals } = await planFor({ ...input, actions: input.actions.toReversed() })
  expect(__typename).toBe('RemediationPlan')
  expect(calls).toMatchObject([
    { kind: 'DISABLE_USER', method: 'PATCH', credential: 'APPLICATION', subject: { id: input.subjectId } },
    { kind: 'REVOKE_SESSIONS', method: 'POST', path: expect.stringContaining('/revokeSignInSessions') },
  ])
  expect(calls[0].permissions).toContain('User.EnableDisableAccount.All')
  expect([skipped, refusals]).toEqual([[], []])
  expect(scene.gateway.microsoft.journal(seen).filter(({ mutates }) => mutates)).toEqual([])
})

describe('refusals are data, whatever would refuse', () => {
  test('B11 an administrator as target: the sign-in, by the mutation as well', async () => {
    const as = { as: privileged }
    const input = await targetOf('hanna@contoso.com', as)
    const { calls, refusals } = await planFor(input, as)
    expect(calls[0]).toMatchObject({ kind: 'DISABLE_USER', credential: 'PRIVILEGED_SESSION' })
    expect(refusals).toMatchObject([
      {
        __typename: 'PrivilegedSignInRequiredError',
        code: 'PRIVILEGED_SIGN_IN_REQUIRED',
        signInUrl: expect.stringMatching(/^https:\/\/tourniquet\.example\.com\/sign-in\/[\w.-]+$/),
        acceptedRoles: expect.arrayContaining(['Global Administrator']),
      },
    ])
    const { data } = await scene.gateway.graphql(blockUser, { input: { ...input, idempotencyKey: 'k' } }, as)
    expect(data.blockUser).toMatchObject({ __typename: 'PrivilegedSignInRequiredError' })
  })

  test('B11 without Remediations.Privileged: not allowed', async () => {
    const { refusals } = await planFor(await targetOf('hanna@contoso.com'))
    expect(refusals).toMatchObject([{ __typename: 'NotAllowedError', code: 'NOT_ALLOWED' }])
  })

  test('B12 oneself', async () => {
    const { calls, refusals } = await planFor(await targetOf('ada@contoso.com'))
    expect(calls).toEqual([])
    expect(refusals).toMatchObject([{ __typename: 'CannotTargetSignedInUserError' }])
  })

  test('B13 the last Global Administrator', async () => {
    const as = { as: privileged }
    const { calls, refusals } = await planFor(await targetOf('gloria@contoso.com', as), as)
    expect(calls.map(({ kind }: { kind: string }) => kind)).toEqual(['REVOKE_SESSIONS'])
    expect(refusals).toMatchObject([{ __typename: 'LastGlobalAdministratorError' }])
  })

  test('nothing left to do: each action with its reason and its subject', async () => {
    const input = { ...(await targetOf('bruno@contoso.com')), actions: ['DISABLE_USER'] }
    const bruno = scene.gateway.microsoft.tenant('Contoso').users.find(({ displayName }) => displayName === 'Bruno')
    Object.assign(bruno ?? {}, { accountEnabled: false })
    try {
      const reasons = [{ kind: 'DISABLE_USER', code: 'ALREADY_DISABLED', subject: { id: input.subjectId } }]
      const { skipped, refusals } = await planFor(input)
      expect(skipped).toEqual(reasons)
      expect(refusals).toMatchObject([{ __typename: 'RemediationUnavailableError', reasons }])
      const { data } = await scene.gateway.graphql(
        `mutation ($input: BlockUserInput!) { blockUser(input: $input) {
          ... on RemediationUnavailableError { reasons { kind code subject { ... on Node { id } } } } } }`,
        { input: { ...input, idempotencyKey: 'nothing left' } },
        { as: analyst },
      )
      expect(data.blockUser.reasons).toEqual(reasons)
    } finally {
      Object.assign(bruno ?? {}, { accountEnabled: true })
    }
  })

  test('B20 an unhealthy tenant: the checks', async () => {
    const input = await targetOf('bruno@contoso.com')
    const { world, tenant } = scene.gateway.microsoft
    const principal = servicePrincipalOf(tenant('Contoso'), world.applications[0]?.appId ?? '')
    Object.assign(principal ?? {}, { accountEnabled: false })
    try {
      const { refusals } = await planFor(input)
      expect(refusals).toMatchObject([
        { __typename: 'TenantUnhealthyError', checks: [{ name: 'APP_ENABLED', status: 'UNHEALTHY' }] },
      ])
    } finally {
      Object.assign(principal ?? {}, { accountEnabled: true })
    }
  })

  test('also where the document is not compiled', async () => {
    const answer = await scene.gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: scene.gateway.authorizationOf(analyst) ?? '' },
      body: JSON.stringify({
        query: `query Other { __typename } ${plan}`,
        operationName: 'Plan',
        variables: { input: await targetOf('ada@contoso.com') },
      }),
    })
    const { data, errors } = await answer.json()
    expect(errors).toBeUndefined()
    expect(data.planRemediation.refusals).toMatchObject([{ __typename: 'CannotTargetSignedInUserError' }])
  })
})

test.each([
  ['no action', { actions: [] }, ['actions']],
  ['an action twice', { actions: ['DISABLE_USER', 'DISABLE_USER'] }, ['actions']],
  ['ids of other things', { eventId: 'subject', subjectId: 'event' }, ['eventId', 'subjectId']],
])('a plan with %s is InvalidInputError, which names the fields', async (_, over, fields) => {
  const target = await targetOf('bruno@contoso.com')
  const swapped = 'eventId' in over ? { eventId: target.subjectId, subjectId: target.eventId } : over
  expect(await planFor({ ...target, ...swapped })).toMatchObject({
    __typename: 'InvalidInputError',
    issues: fields.map((field) => ({ path: ['input', field] })),
  })
})
