/** A privileged session from a token that the frontend holds already. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { aSignInScene, as, contoso, northwind, olga, type SignInScene } from '../support/sign-in-scene.ts'

let scene: SignInScene
beforeAll(async () => {
  scene = await aSignInScene()
})
afterEach(() => scene.reset())
afterAll(() => scene.close())

const open = async (who: typeof olga, accessToken: string, tenant = contoso) => {
  const { data, errors } = await scene.gateway.graphql(
    `mutation ($input: OpenPrivilegedSessionInput!) { openPrivilegedSession(input: $input) { __typename
      ... on PrivilegedSession { signedInAs roles } ... on Refusal { message } ... on InvalidInputError { issues { path } }
      ... on PrivilegedSignInRequiredError { signInUrl } ... on AdminConsentRequiredError { consentUrl } } }`,
    { input: { tenantId: tenantGlobalId(tenant.id), accessToken } },
    { as: who },
  )
  expect(errors).toEqual([])
  return data.openPrivilegedSession
}
const tokenOf = (name: string, tenant = contoso) => scene.gateway.microsoft.token(as(name, tenant))

test('an administrator’s token for this API opens the same session', async () => {
  expect(await open(olga, tokenOf('Gloria'))).toEqual({
    __typename: 'PrivilegedSession',
    signedInAs: 'gloria@contoso.com',
    roles: ['Global Administrator'],
  })
  expect((await scene.sessionsOf(olga)).viewer).toHaveLength(1)
  expect((await scene.audit()).map(({ name }) => name).slice(-3)).toEqual([
    'privileged_sign_in.opened',
    'privileged_sign_in.completed',
    'privileged_sign_in.confirmed',
  ])
})

test('a token without the role, of another API, or made up opens nothing', async () => {
  expect(await open(olga, tokenOf('Uma'))).toMatchObject({ __typename: 'NotAllowedError' })
  const forGraph = scene.gateway.microsoft.token({ ...as('Gloria'), audience: 'https://graph.microsoft.com' })
  for (const token of [forGraph, 'made-up']) {
    expect(await open(olga, token)).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [{ path: ['input', 'accessToken'] }],
    })
  }
  expect(await open(as('Rea'), tokenOf('Gloria'))).toMatchObject({ __typename: 'NotAllowedError' })
  expect(await scene.stored()).toEqual([])
})

test('where Entra wants the person, or a consent, the answer says where to go', async () => {
  scene.gateway.microsoft.world.switches = { conditionalAccess: 'requireMfa' }
  expect(await open(olga, tokenOf('Gloria'))).toMatchObject({
    __typename: 'PrivilegedSignInRequiredError',
    signInUrl: expect.stringContaining('/sign-in/'),
  })
  scene.gateway.microsoft.world.switches = {}
  expect(await open(as('Olaf', northwind), tokenOf('Nora', northwind), northwind)).toMatchObject({
    __typename: 'AdminConsentRequiredError',
    consentUrl: expect.stringContaining('/consent/'),
  })
  expect(await scene.stored()).toEqual([])
})
