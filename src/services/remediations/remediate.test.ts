import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aGroup, person, userOf } from '../../../simulator/builders.ts'
import { aScene, block, type Scene } from '../../../test/support/remediations.ts'
import { UpstreamError } from '../../clients/errors.ts'
import type { ServiceContext } from '../../context.ts'
import type { StoredEvent } from '../../db/events.ts'
import { assessmentOf } from './assess.ts'
import { planRemediation } from './plan.ts'

let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    people: [
      person('Ada'),
      person('Ben'),
      person('Cleo'),
      person('Dina'),
      person('Emil'),
      person('Finn', { roles: ['Reports Reader'] }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Gus', { roles: ['Global Administrator'], disabled: true }),
      person('Hedy', { rolesByGroup: ['Helpdesk Administrator'] }),
      person('Ines', { guestOf: 'ines@fabrikam.com' }),
      person('Jun', { synchronised: true }),
      person('Kai', { disabled: true }),
      person('Lena'),
      person('Mona'),
      person('Nils'),
      person('Owen'),
      person('Otto'),
    ],
    change: (tenant) => {
      aGroup(tenant, 'Nobody holds a role by it', { isAssignableToRole: true, owners: [userOf(tenant, 'Owen').id] })
    },
  })
})
afterAll(() => scene.close())

/** Only the two that need neither a mailbox nor a password. */
const blocking = <T extends { kind: string }>(list: readonly T[]): T[] =>
  list.filter(({ kind }) => kind === 'DISABLE_USER' || kind === 'REVOKE_SESSIONS')

const auditNames = async (runId: string) =>
  (await scene.audit())
    .filter((entry) => entry.runId === runId)
    .map(({ name, kind }) => (kind ? `${name} ${kind}` : name))

describe('blockUser on an ordinary user', () => {
  test('turns sign-in off, revokes sessions, confirms both by reading, and all of it is on record', async () => {
    const event = await scene.anEventAbout('Ada')
    const before = Date.now()
    const run = await block(await scene.as(), event)
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        { kind: 'DISABLE_USER', state: 'CONFIRMED', upstreamRequestId: expect.any(String) },
        { kind: 'REVOKE_SESSIONS', state: 'CONFIRMED', upstreamRequestId: expect.any(String) },
      ],
    })
    expect(scene.person('Ada').accountEnabled).toBe(false)
    expect(Date.parse(scene.person('Ada').signInSessionsValidFromDateTime)).toBeGreaterThanOrEqual(before - 1000)
    expect(await auditNames(run.id)).toEqual([
      'remediation.requested',
      'remediation.started DISABLE_USER',
      'remediation.confirmed DISABLE_USER',
      'remediation.started REVOKE_SESSIONS',
      'remediation.confirmed REVOKE_SESSIONS',
    ])
    expect(run.steps[0]?.evidence).toEqual({ before: { accountEnabled: true }, after: { accountEnabled: false } })
    expect(run.steps[0]?.remedy).toContain('close eye')
  })

  test('a repeated key is the same run and changes nothing twice, also at the same moment', async () => {
    const event = await scene.anEventAbout('Ben')
    const ctx = await scene.as()
    const before = scene.writes().length
    const runs = await Promise.all([1, 2, 3].map(() => block(ctx, event, undefined, 'same-key')))
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1)
    expect((await block(ctx, event, ['REVOKE_SESSIONS', 'DISABLE_USER'], 'same-key')).id).toBe(runs[0]?.id)
    expect(scene.writes().length - before).toBe(2)
  })

  test('a key with another input is refused', async () => {
    const event = await scene.anEventAbout('Cleo')
    const ctx = await scene.as()
    await block(ctx, event, ['REVOKE_SESSIONS'], 'one-key')
    await expect(block(ctx, event, ['DISABLE_USER'], 'one-key')).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    })
    expect(scene.person('Cleo').accountEnabled).toBe(true)
  })

  test('B6 an action with nothing to do is skipped, the others run', async () => {
    const event = await scene.anEventAbout('Kai')
    const run = await block(await scene.as(), event)
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      steps: [{ state: 'SKIPPED', code: 'ALREADY_DISABLED' }, { state: 'CONFIRMED' }],
    })
  })

  test('B6, B8 when all actions have nothing to do the mutation is refused', async () => {
    const event = await scene.anEventAbout('Kai')
    await expect(block(await scene.as(), event, ['DISABLE_USER'])).rejects.toMatchObject({
      code: 'REMEDIATION_UNAVAILABLE',
      reasons: [{ kind: 'DISABLE_USER', code: 'ALREADY_DISABLED' }],
    })
  })

  test('B6 one failing step does not stop the next', async () => {
    const event = await scene.anEventAbout('Dina')
    scene.microsoft.fault({
      fault: 'status',
      service: 'graph',
      method: 'PATCH',
      args: { status: 403, code: 'Authorization_RequestDenied' },
    })
    const run = await block(await scene.as(), event)
    expect(run).toMatchObject({
      status: 'PARTIAL',
      steps: [
        {
          state: 'FAILED',
          code: 'INSUFFICIENT_ROLE',
          retryable: false,
          remedy: expect.stringContaining('support@example.com'),
        },
        { state: 'CONFIRMED' },
      ],
    })
    expect(scene.person('Dina').accountEnabled).toBe(true)
  })

  test('a cut connection after the effect is found out by reading', async () => {
    const event = await scene.anEventAbout('Emil')
    scene.microsoft.fault({ fault: 'resetAfter', method: 'PATCH', path: scene.person('Emil').id, times: 9 })
    const run = await block(await scene.as(), event, ['DISABLE_USER'])
    expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }] })
    expect(scene.person('Emil').accountEnabled).toBe(false)
  })

  test('B10 a guest is disabled at once', async () => {
    const run = await block(await scene.as(), await scene.anEventAbout('Ines'))
    expect(run.status).toBe('SUCCEEDED')
    expect(scene.person('Ines').accountEnabled).toBe(false)
  })
})

describe('refusals happen before anything is sent, and are on record', () => {
  const refusedWithoutWrite = async (ctx: ServiceContext, event: StoredEvent, actions: string[], code: string) => {
    const before = scene.writes()
    await expect(block(ctx, event, actions)).rejects.toMatchObject({ code })
    expect(scene.writes()).toEqual(before)
    expect((await scene.audit()).at(-1)).toMatchObject({ name: 'remediation.refused', details: { code } })
  }

  test.each(['Finn', 'Hedy', 'Owen'])(
    'B11 %s holds an admin role or belongs to a role-assignable group: a privileged sign-in is needed',
    async (name) => {
      const event = await scene.anEventAbout(name)
      const ctx = await scene.as()
      const { available } = await assessmentOf(ctx, event)
      const option = available.find(({ kind }) => kind === 'DISABLE_USER')
      expect(option?.requirements).toMatchObject([
        { type: 'PRIVILEGED_SIGN_IN', signInUrl: expect.stringContaining('/sign-in/') },
      ])
      await refusedWithoutWrite(ctx, event, ['DISABLE_USER', 'REVOKE_SESSIONS'], 'PRIVILEGED_SIGN_IN_REQUIRED')
    },
  )

  test('B6 the refusal names the actions that could go alone, and they do', async () => {
    const event = await scene.anEventAbout('Finn')
    await expect(block(await scene.as(), event)).rejects.toThrow('REVOKE_SESSIONS could go alone')
    expect((await block(await scene.as(), event, ['REVOKE_SESSIONS'])).status).toBe('SUCCEEDED')
  })

  test('B11 an API key learns that a person must act', async () => {
    const ctx = await scene.as({ kind: 'API_KEY', roles: ['Events.Read', 'Remediations.User'] })
    await expect(block(ctx, await scene.anEventAbout('Finn'), ['DISABLE_USER'])).rejects.toThrow('a person must act')
  })

  test('B13 the last enabled Global Administrator can never be disabled', async () => {
    const event = await scene.anEventAbout('Gloria')
    const ctx = await scene.as()
    expect(blocking((await assessmentOf(ctx, event)).greyedOut)).toMatchObject([{ code: 'LAST_GLOBAL_ADMINISTRATOR' }])
    await refusedWithoutWrite(ctx, event, ['DISABLE_USER'], 'LAST_GLOBAL_ADMINISTRATOR')
  })

  test('B12 nobody blocks the own account', async () => {
    const event = await scene.anEventAbout('Lena')
    const ctx = await scene.as({ objectId: scene.person('Lena').id })
    expect(blocking((await assessmentOf(ctx, event)).greyedOut)).toMatchObject([{ code: 'SELF' }, { code: 'SELF' }])
    await refusedWithoutWrite(ctx, event, ['REVOKE_SESSIONS'], 'CANNOT_TARGET_SIGNED_IN_USER')
  })

  test.each([
    ['B14 a system identity', 'SYSTEM', 'app@sharepoint', 'SYSTEM_IDENTITY'],
    ['B15 an anonymous visitor', 'ANONYMOUS', 'urn:spo:anon#1f', 'ANONYMOUS_IDENTITY'],
  ] as const)('%s can never be a target', async (_promise, type, name, code) => {
    const event = await scene.anEventAbout({ type, role: 'ACTOR', aliases: [`name:${name}`], attributes: { name } })
    const ctx = await scene.as()
    const { available, greyedOut, banner } = await assessmentOf(ctx, event)
    expect({ available, greyedOut }).toMatchObject({ available: [], greyedOut: [{ kind: 'DISABLE_USER', code }] })
    expect(banner).toMatchObject({ supportEmail: 'support@example.com' })
    await refusedWithoutWrite(ctx, event, ['DISABLE_USER'], 'REMEDIATION_UNAVAILABLE')
  })

  test("a partner's technician has the account in another tenant", async () => {
    const event = await scene.anEventAbout({
      type: 'USER',
      role: 'ACTOR',
      aliases: ['upn:user_0@contoso.onmicrosoft.com'],
      attributes: { userPrincipalName: 'user_0@contoso.onmicrosoft.com', homeTenantId: crypto.randomUUID() },
    })
    const { greyedOut } = await assessmentOf(await scene.as(), event)
    expect(new Set(greyedOut.map(({ code }) => code))).toEqual(new Set(['EXTERNAL_IDENTITY']))
  })

  test('without the role acting is not allowed; without access the event does not exist', async () => {
    const event = await scene.anEventAbout('Mona')
    await refusedWithoutWrite(await scene.as({ roles: ['Events.Read'] }), event, ['DISABLE_USER'], 'NOT_ALLOWED')
    const before = (await scene.audit()).length
    await expect(block(await scene.as({ roles: [] }), event)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(block(await scene.as(), { ...event, id: crypto.randomUUID() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect((await scene.audit()).length).toBe(before)
  })

  test('wrong input names the field', async () => {
    const event = await scene.anEventAbout('Mona')
    const ctx = await scene.as()
    await expect(block(ctx, event, ['MAKE_TEA'])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['input', 'actions'] }],
    })
    await expect(block(ctx, event, [])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(block(ctx, event, undefined, 'k'.repeat(129))).rejects.toMatchObject({
      issues: [{ path: ['input', 'idempotencyKey'] }],
    })
  })
})

describe('options', () => {
  test('B2 every user of the event has a section of its own', async () => {
    const event = await scene.anEventAbout('Mona', 'Jun')
    const { available } = await assessmentOf(await scene.as(), event)
    const names = blocking(available).map(
      ({ kind, subject }) => `${kind} ${'displayName' in subject.attributes ? subject.attributes.displayName : ''}`,
    )
    expect(names).toEqual(['DISABLE_USER Mona', 'REVOKE_SESSIONS Mona', 'DISABLE_USER Jun', 'REVOKE_SESSIONS Jun'])
    expect(blocking(available)[2]?.warnings).toContain('DIRECTORY_SYNC_MAY_REVERT')
  })

  test('viewerCan tells whether the roles allow it', async () => {
    const event = await scene.anEventAbout('Finn')
    const { available } = await assessmentOf(await scene.as({ roles: ['Events.Read', 'Remediations.User'] }), event)
    expect(blocking(available).map(({ kind, viewerCan }) => [kind, viewerCan])).toEqual([
      ['DISABLE_USER', false],
      ['REVOKE_SESSIONS', true],
    ])
  })

  test('a user that the tenant does not know is greyed out', async () => {
    const event = await scene.anEventAbout({
      type: 'USER',
      role: 'TARGET',
      aliases: ['upn:gone@contoso.com'],
      attributes: { userPrincipalName: 'gone@contoso.com' },
    })
    const { greyedOut } = await assessmentOf(await scene.as(), event)
    expect(new Set(greyedOut.map(({ code }) => code))).toEqual(new Set(['USER_NOT_FOUND']))
  })

  test('an unreadable roster greys out what depends on it and nothing else', async () => {
    const event = await scene.anEventAbout('Mona')
    scene.clients.forgetTokens(event.tenantId)
    scene.microsoft.fault({
      fault: 'status',
      service: 'graph',
      path: 'roleAssignments',
      args: { status: 400, code: 'Request_BadRequest' },
    })
    const { available, greyedOut } = await assessmentOf(await scene.as(), event)
    expect(blocking(available).map(({ kind }) => kind)).toEqual(['REVOKE_SESSIONS'])
    expect(blocking(greyedOut)).toMatchObject([{ kind: 'DISABLE_USER', code: 'UPSTREAM_UNAVAILABLE' }])
  })

  test('the dry run lists the calls and every refusal, and writes nothing', async () => {
    const event = await scene.anEventAbout('Finn')
    const [audit, writes] = [await scene.audit(), scene.writes()]
    const plan = await planRemediation(await scene.as(), {
      group: 'BLOCK_USER',
      tenantId: event.tenantId,
      eventId: event.id,
      subjectId: event.subjects[0]?.id ?? '',
      actions: ['REVOKE_SESSIONS', 'DISABLE_USER'],
    })
    expect(plan.calls).toMatchObject([
      { kind: 'DISABLE_USER', method: 'PATCH', credential: 'PRIVILEGED_SESSION' },
      { kind: 'REVOKE_SESSIONS', method: 'POST', credential: 'APPLICATION' },
    ])
    expect(plan.refusals).toMatchObject([{ code: 'PRIVILEGED_SIGN_IN_REQUIRED' }])
    expect(await scene.audit()).toEqual(audit)
    expect(scene.writes()).toEqual(writes)
  })
})

test('Graph itself refuses what the plan would refuse: an app-only disable of an administrator', async () => {
  const { graph } = scene.clients.session().tenant(scene.tenant.id)
  await expect(graph.patch(`/users/${scene.person('Finn').id}`, { accountEnabled: false })).rejects.toBeInstanceOf(
    UpstreamError,
  )
})
