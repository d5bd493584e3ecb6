/** Administrators as targets, who may act on them, and the last one. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  aRulesScene,
  offer,
  olga,
  optionOf,
  otto,
  type RulesScene,
  requirementsOf,
  tess,
} from '../../support/rules-scene.ts'
import { contoso, fabrikam, litware } from '../../support/rules-world.ts'

let scene: RulesScene
beforeAll(async () => {
  scene = await aRulesScene()
})
afterAll(() => scene.close())
beforeEach(async () => {
  await scene.signOut()
  scene.gateway.microsoft.world.switches = {}
})

const administrators = [
  ['the weakest role', 'Rita'],
  ['a role held by a group', 'Berta'],
  ['membership of a role-assignable group without a role', 'Memo'],
  ['ownership of a role-assignable group without a role', 'Owen'],
  ['a custom role', 'Cleo'],
  ['a role within an administrative unit', 'Uwe'],
  ['a role as a guest', 'Gwen'],
] as const

test.each(administrators)('B11 holds: %s asks for a privileged sign-in, and then it is done', async (_what, name) => {
  const seen = await scene.look(name)
  expect(optionOf(seen, 'DISABLE_USER').requirements).toMatchObject([
    {
      __typename: 'PrivilegedSignInRequirement',
      acceptedRoles: ['Privileged Authentication Administrator', 'Global Administrator'],
    },
  ])
  const before = scene.writes()
  expect((await scene.plan(seen.target, ['DISABLE_USER'])).calls).toMatchObject([{ credential: 'PRIVILEGED_SESSION' }])
  expect(await scene.block(seen.target, ['DISABLE_USER', 'REVOKE_SESSIONS'])).toMatchObject({
    __typename: 'PrivilegedSignInRequiredError',
    message: expect.stringContaining('REVOKE_SESSIONS could go alone'),
  })
  expect([scene.writes(), scene.person(name).accountEnabled]).toEqual([before, true])

  expect(await scene.signIn('Pia')).toBe('PrivilegedSession')
  expect(await scene.block(seen.target, ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
  expect(scene.person(name).accountEnabled).toBe(false)
})

test('B11 holds: an administrator with a lesser role signs in for nothing', async () => {
  expect(await scene.signIn('Uma')).toContain('Privileged Authentication Administrator')
  const hugo = await scene.look('Hugo')
  expect(await scene.block(hugo.target, ['DISABLE_USER'])).toMatchObject({ code: 'PRIVILEGED_SIGN_IN_REQUIRED' })
  expect(scene.person('Hugo').accountEnabled).toBe(true)
})

test('B11 holds: without Remediations.Privileged, and by an API key, nobody acts on an administrator', async () => {
  const seen = await scene.look('Hugo', { who: otto })
  expect(optionOf(seen, 'DISABLE_USER').viewerCan).toBe(false)
  expect(await scene.block(seen.target, ['DISABLE_USER'], {}, otto)).toMatchObject({ code: 'NOT_ALLOWED' })
  const key = await scene.gateway.anApiKey([
    { tenantId: contoso.id, roles: ['Events.Read', 'Remediations.User', 'Remediations.Privileged'] },
  ])
  await scene.signIn('Pia')
  expect(await scene.block(seen.target, ['DISABLE_USER'], {}, key)).toMatchObject({
    code: 'PRIVILEGED_SIGN_IN_REQUIRED',
    message: expect.stringContaining('a person must act'),
  })
  expect(scene.person('Hugo').accountEnabled).toBe(true)
})

test('B11 holds: a refusal of Microsoft to revoke sessions is said, and that a sign-in would do, and it does', async () => {
  scene.gateway.microsoft.world.switches = { revokeRefusesAdminTargets: true }
  const { target } = await scene.look('Hedda')
  const before = scene.person('Hedda').signInSessionsValidFromDateTime
  expect(await scene.block(target, ['REVOKE_SESSIONS'])).toMatchObject({
    status: 'FAILED',
    steps: [
      {
        code: 'INSUFFICIENT_ROLE',
        retryable: false,
        remedy: expect.stringMatching(/sign-in by a Privileged Authentication Administrator.*support@example\.com/),
      },
    ],
  })
  expect(scene.person('Hedda').signInSessionsValidFromDateTime).toBe(before)
  await scene.signIn('Pia')
  expect(await scene.block(target, ['REVOKE_SESSIONS'])).toMatchObject({ status: 'SUCCEEDED' })
  expect(scene.person('Hedda').signInSessionsValidFromDateTime).not.toBe(before)
  // Another person's rights are another intent; the outcome says who it was in the end.
  expect((await scene.audit()).filter(({ name }) => /started|confirmed/.test(name)).slice(-3)).toMatchObject([
    { name: 'remediation.started', details: { credential: 'APPLICATION' } },
    { name: 'remediation.started', details: { credential: 'PRIVILEGED_SESSION' } },
    { name: 'remediation.confirmed', details: { credential: 'PRIVILEGED_SESSION', sessionId: expect.any(String) } },
  ])
})

test('B11 does not reach: the sessions of an administrator, which are revoked at once', async () => {
  const seen = await scene.look('Hedda', { who: otto })
  expect(optionOf(seen, 'REVOKE_SESSIONS')).toMatchObject({ requirements: [], viewerCan: true })
  expect(await scene.block(seen.target, ['REVOKE_SESSIONS'], {}, otto)).toMatchObject({ status: 'SUCCEEDED' })
})

test('B11 does not reach: member and owner of a group that can hold no role', async () => {
  const seen = await scene.look('Ordo')
  expect(requirementsOf(seen, 'DISABLE_USER')).toEqual([])
})

test.each([
  ['a user of the tenant', 'Gloria', contoso],
  ['a guest of the tenant', 'Gustav', contoso],
  ["a partner's technician, by a security group", 'Tess', litware],
] as const)('B21 holds: the role counts for %s', async (_who, name, of) => {
  expect(await scene.signIn(name, { of })).toBe('PrivilegedSession')
  const { target } = await scene.look('Hugo')
  scene.person('Hugo').accountEnabled = true
  expect(await scene.block(target, ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
  expect(scene.person('Hugo').accountEnabled).toBe(false)
})

test('B21 does not reach: a technician whose group was given a lesser role', async () => {
  expect(await scene.signIn('Timo', { of: litware })).toContain('Privileged Authentication Administrator')
  expect(requirementsOf(await scene.look('Hedda'), 'DISABLE_USER')).toEqual(['PrivilegedSignInRequirement'])
})

test('B21 does not reach: a relationship that is over', async () => {
  await expect(scene.signIn('Tara', { of: litware })).rejects.toThrow('does not exist in the directory')
})

test('B13 holds: the last enabled Global Administrator is never disabled, whoever signs in', async () => {
  const before = scene.writes()
  for (const administrator of [null, 'Pia']) {
    if (administrator) await scene.signIn(administrator)
    const seen = await scene.look('Gloria')
    // Gerold holds the role and is disabled; our own application holds it twice.
    expect(offer(seen, 'DISABLE_USER')).toBe('LAST_GLOBAL_ADMINISTRATOR')
    expect((await scene.plan(seen.target, ['DISABLE_USER'])).refusals).toMatchObject([
      { __typename: 'LastGlobalAdministratorError' },
    ])
    expect(await scene.block(seen.target, ['DISABLE_USER', 'REVOKE_SESSIONS'])).toMatchObject({
      code: 'LAST_GLOBAL_ADMINISTRATOR',
      message: expect.stringContaining('REVOKE_SESSIONS could go alone'),
    })
  }
  expect([scene.writes(), scene.person('Gloria').accountEnabled]).toEqual([before, true])
})

test('B13 does not reach: other actions on the last one, which leave the account enabled', async () => {
  await scene.signIn('Pia')
  const { target } = await scene.look('Gloria')
  const delivery = { passwordDelivery: { onScreen: true } }
  expect(await scene.block(target, ['REVOKE_SESSIONS', 'RESET_PASSWORD'], delivery)).toMatchObject({
    status: 'SUCCEEDED',
  })
  expect(scene.person('Gloria').accountEnabled).toBe(true)
})

test('B13 does not reach: one that is disabled already', async () => {
  expect(offer(await scene.look('Gerold'), 'DISABLE_USER')).toBe('ALREADY_DISABLED')
})

test('B13 does not reach: the last but one', async () => {
  await scene.signIn('Pavel', { tenant: fabrikam })
  const flora = await scene.look('Flora', { tenant: fabrikam })
  expect(requirementsOf(flora, 'DISABLE_USER')).toEqual([])
  expect(await scene.block(flora.target, ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
  const falk = await scene.look('Falk', { tenant: fabrikam })
  expect((await scene.plan(falk.target, ['DISABLE_USER'])).refusals).toMatchObject([
    { code: 'LAST_GLOBAL_ADMINISTRATOR' },
  ])
  scene.person('Flora', fabrikam).accountEnabled = true
})

test('B13 holds: of two that are asked for at the same moment one stays enabled', async () => {
  for (const who of [olga, tess]) await scene.signIn('Pavel', { tenant: fabrikam, who })
  const targets = [
    { who: olga, ...(await scene.look('Flora', { tenant: fabrikam })) },
    { who: tess, ...(await scene.look('Falk', { tenant: fabrikam, who: tess })) },
  ]
  const answers = await Promise.all(targets.map(({ target, who }) => scene.block(target, ['DISABLE_USER'], {}, who)))
  expect(answers.map(({ __typename }) => __typename).sort()).toEqual(['LastGlobalAdministratorError', 'RemediationRun'])
  const enabled = ['Flora', 'Falk'].filter((name) => scene.person(name, fabrikam).accountEnabled)
  expect(enabled).toHaveLength(1)
})
