/** Resetting a password over real HTTP, from the refusal to the mail. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { grantAccess, upsertOperator } from '../../src/db/operators.ts'
import { operatorGlobalId } from '../../src/resolvers/global-ids.ts'
import { canary } from '../support/canary/canary.ts'
import { aSignInScene, codeOn, contoso, olga, type SignInScene } from '../support/sign-in-scene.ts'

let scene: SignInScene
let target: { eventId: string; subjectId: string }
beforeAll(async () => {
  scene = await aSignInScene()
  target = await aboutUma()
})
afterAll(() => scene.close())

const run = `__typename
  ... on RemediationRun { id status temporaryPassword steps { kind state code message } }
  ... on Refusal { code message }
  ... on InvalidInputError { issues { path message } }
  ... on PrivilegedSignInRequiredError { signInUrl acceptedRoles }`
const resetPassword = `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { ${run} } }`

async function aboutUma(): Promise<{ eventId: string; subjectId: string }> {
  const { data } = await scene.gateway.graphql(
    '{ securityEvents(first: 1) { edges { node { id availableRemediations { kind subject { ... on Node { id } } } } } } }',
    {},
    { as: olga },
  )
  const { node } = data.securityEvents.edges[0]
  const option = node.availableRemediations.find(({ kind }: { kind: string }) => kind === 'RESET_PASSWORD')
  return { eventId: node.id, subjectId: option.subject.id }
}

const reset = async (passwordDelivery: object, idempotencyKey: string) => {
  const input = { ...target, passwordDelivery, idempotencyKey }
  const { data, errors } = await scene.gateway.graphql(resetPassword, { input }, { as: olga })
  expect(errors).toEqual([])
  return data.resetPassword
}

const uma = () => {
  const tenant = scene.gateway.microsoft.tenant('Contoso')
  return userOf(tenant, 'Uma')
}

describe('resetPassword', () => {
  test('B16 needs a privileged sign-in; the same key goes through afterwards, and the password is in that answer alone', async () => {
    const refused = await reset({ onScreen: true }, 'one')
    expect(refused).toMatchObject({ __typename: 'PrivilegedSignInRequiredError' })
    const page = await scene.signedIn(refused.signInUrl, userOf(contoso, 'Pia').id)
    expect(await scene.confirm(olga, codeOn(page))).toMatchObject({ __typename: 'PrivilegedSession' })

    const done = await reset({ onScreen: true }, 'one')
    expect(done).toMatchObject({ status: 'SUCCEEDED', steps: [{ kind: 'RESET_PASSWORD', state: 'CONFIRMED' }] })
    expect(done.temporaryPassword).toBe(uma().password)
    const again = await reset({ onScreen: true }, 'one')
    expect(again).toMatchObject({ id: done.id, temporaryPassword: null })
    const read = await scene.gateway.graphql(
      'query ($id: ID!) { node(id: $id) { ... on RemediationRun { status temporaryPassword } } }',
      { id: done.id },
      { as: olga },
    )
    expect(read.data.node).toEqual({ status: 'SUCCEEDED', temporaryPassword: null })
    const written = JSON.stringify([await scene.audit(), scene.gateway.microsoft.journal(), again])
    expect(written).not.toContain(done.temporaryPassword)
  })

  test('B24 it goes by mail to operators with access and a stored address, never to the user, and the screen shows nothing', async () => {
    const { colleague, stranger } = await scene.gateway.db.plain(async (tx) => {
      const anOperator = (displayName: string, email: string) =>
        upsertOperator(tx, {
          kind: 'PERSON',
          tenantId: contoso.id,
          externalId: crypto.randomUUID(),
          displayName,
          email,
        })
      const known = await anOperator('Carla', 'carla@example.com')
      const granted = { operatorId: known.id, tenantId: contoso.id, roles: ['Events.Read'], grantedBy: 'a test' }
      await grantAccess(tx, granted)
      return { colleague: known, stranger: await anOperator('Silas', 'silas@example.com') }
    })
    const refused = await reset({ emailOperatorIds: [operatorGlobalId(stranger.id)] }, 'two')
    expect(refused).toMatchObject({
      __typename: 'InvalidInputError',
      issues: [{ path: ['input', 'passwordDelivery', 'emailOperatorIds'] }],
    })
    const done = await reset({ emailOperatorIds: [operatorGlobalId(colleague.id)] }, 'two')
    expect(done).toMatchObject({ status: 'SUCCEEDED', temporaryPassword: null })
    const mails = scene.gateway.microsoft.simulator.mailSink.mails()
    expect(mails.map(({ to }) => to)).toEqual([['carla@example.com']])
    expect(mails[0]?.text).toContain(uma().password)
    canary.mailAskedFor({ to: 'carla@example.com', password: uma().password })
    expect((await scene.audit()).map(({ name }) => name)).toContain('password.delivered')
  })

  test('a delivery that fails is said, and the reset stands', async () => {
    const operators = await scene.gateway.db.plain(async (tx) => {
      const one = await upsertOperator(tx, {
        kind: 'PERSON',
        tenantId: contoso.id,
        externalId: crypto.randomUUID(),
        displayName: 'Bo',
        email: 'bo@example.net',
      })
      await grantAccess(tx, { operatorId: one.id, tenantId: contoso.id, roles: ['Events.Read'], grantedBy: 'a test' })
      return one
    })
    scene.gateway.microsoft.world.switches = { refusedRecipients: ['bo@example.net'] }
    const done = await reset({ emailOperatorIds: [operatorGlobalId(operators.id)] }, 'three')
    expect(done).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        { state: 'CONFIRMED', code: 'DELIVERY_FAILED', message: expect.stringContaining('could not be delivered') },
      ],
    })
    expect((await scene.audit()).map(({ name }) => name)).toContain('password.delivery_failed')
  })
})
