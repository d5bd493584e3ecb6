import { afterEach, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { aScene, everyPermission, type Scene, type SceneOptions } from '../../../test/support/remediations.ts'
import { assessmentOf } from '../remediations/assess.ts'
import { remediate } from '../remediations/remediate.ts'
import { tenantHealth } from './health.ts'

let scene: Scene
afterEach(() => scene.close())

const open = async (options: Omit<SceneOptions, 'people'> = {}) => {
  scene = await aScene({ people: [person('Ada')], ...options })
  const ctx = await scene.as()
  return { ctx, event: await scene.anEventAbout('Ada'), health: () => tenantHealth(ctx, scene.tenant.id) }
}

const without = (...names: string[]) => everyPermission.filter((name) => !names.includes(name))

test('B19 a tenant that granted what is needed is healthy, and more than that is shown as extra', async () => {
  const { health } = await open({ permissions: [...everyPermission, 'Chat.ReadWrite.All'] })
  const found = await health()
  expect(found).toMatchObject({ status: 'HEALTHY', mendUrl: null })
  const extra = found.checks.flatMap(({ extraPermissions }) => extraPermissions)
  expect(extra).toContain('Chat.ReadWrite.All')
  expect(extra).not.toContain('User.Read.All')
  expect(found.entraPermissionsUrl).toContain('/Permissions/')
})

test('B20 a missing permission greys out what depends on it and nothing else, and the mutation is refused', async () => {
  const { ctx, event, health } = await open({ permissions: without('User.RevokeSessions.All') })
  expect(await health()).toMatchObject({ status: 'UNHEALTHY', mendUrl: expect.stringContaining('/consent/') })
  const { available, greyedOut } = await assessmentOf(ctx, event)
  expect(available.map(({ kind }) => kind)).toContain('DISABLE_USER')
  expect(greyedOut.filter(({ kind }) => kind === 'REVOKE_SESSIONS')).toMatchObject([
    { kind: 'REVOKE_SESSIONS', code: 'TENANT_UNHEALTHY', message: expect.stringContaining('User.RevokeSessions.All') },
  ])
  await expect(
    remediate(ctx, {
      group: 'BLOCK_USER',
      tenantId: event.tenantId,
      eventId: event.id,
      subjectId: event.subjects[0]?.id ?? '',
      actions: ['DISABLE_USER', 'REVOKE_SESSIONS'],
      idempotencyKey: 'k',
    }),
  ).rejects.toMatchObject({
    code: 'TENANT_UNHEALTHY',
    message: expect.stringContaining('DISABLE_USER could go alone'),
    checks: [{ name: 'APPLICATION_PERMISSIONS', missingPermissions: ['User.RevokeSessions.All'] }],
  })
  expect(scene.writes()).toEqual([])
})

test.each([
  ['consent never given', { consented: false }, 'CONSENT'],
  [
    'the application disabled',
    {
      change: ({ servicePrincipals }: Scene['tenant']) => {
        for (const principal of servicePrincipals) {
          if (principal.displayName === 'Tourniquet') principal.accountEnabled = false
        }
      },
    },
    'APP_ENABLED',
  ],
] as const)('B20 %s: everything is greyed out and the fault is named', async (_fault, options, name) => {
  const { ctx, event, health } = await open(options)
  expect((await health()).checks.filter(({ status }) => status === 'UNHEALTHY')).toMatchObject([{ name }])
  const { available, greyedOut, banner } = await assessmentOf(ctx, event)
  expect(available).toEqual([])
  expect(new Set(greyedOut.map(({ code }) => code))).toEqual(new Set(['TENANT_UNHEALTHY']))
  expect(greyedOut[0]?.remedy).toContain('/consent/')
  expect(banner).not.toBeNull()
})

test('without leave to read the grants the tenant is unhealthy and the permission is named', async () => {
  const { health } = await open({ permissions: without('Application.Read.All') })
  expect(await health()).toMatchObject({
    status: 'UNHEALTHY',
    checks: [{ name: 'CONSENT', missingPermissions: ['Application.Read.All'] }],
  })
})

const checkOf = async (name: string) => {
  const found = await tenantHealth(await scene.as(), scene.tenant.id)
  return { status: found.status, check: found.checks.find((check) => check.name === name) }
}

test('B18 without the delegated consent the check says what it blocks', async () => {
  await open({ delegated: [] })
  expect(await checkOf('DELEGATED_CONSENT')).toMatchObject({
    status: 'UNHEALTHY',
    check: {
      status: 'UNHEALTHY',
      blocks: expect.arrayContaining(['DISABLE_USER']),
      missingPermissions: expect.arrayContaining(['User.EnableDisableAccount.All']),
    },
  })
})

test('B18 delegated grants that cannot be read are unknown, and no fault of the rest', async () => {
  await open()
  const args = { status: 403, code: 'Authorization_RequestDenied' }
  scene.microsoft.fault({ fault: 'status', service: 'graph', path: 'oauth2PermissionGrants', args })
  expect(await checkOf('DELEGATED_CONSENT')).toMatchObject({ status: 'HEALTHY', check: { status: 'UNKNOWN' } })
})

test('B20 without its Exchange role only mailbox actions are blocked, and the link leads to the roles', async () => {
  await open({
    change: (tenant) => {
      const ours = tenant.servicePrincipals.find(({ displayName }) => displayName === 'Tourniquet')?.id
      tenant.roleAssignments = tenant.roleAssignments.filter(({ principalId }) => principalId !== ours)
    },
  })
  const found = await tenantHealth(await scene.as(), scene.tenant.id)
  const blocks = found.checks.find(({ name }) => name === 'EXCHANGE_ROLE')?.blocks ?? []
  // As long as the catalogue sends a cmdlet at all.
  expect(found.status).toBe(blocks.length > 0 ? 'UNHEALTHY' : 'HEALTHY')
  expect(found.mendUrl ?? 'Roles').toContain('Roles')
  expect(blocks).not.toContain('DISABLE_USER')
})
