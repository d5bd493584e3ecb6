import { afterEach, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { aScene, everyPermission, type Scene, type SceneOptions } from '../../../test/support/remediations.ts'
import { assessmentOf } from '../remediations/assess.ts'
import { remediate } from '../remediations/remediate.ts'
import { tenantHealth } from './health.ts'
import { healthCheckNames } from './health-types.ts'

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
  for (const needed of ['User.Read.All', 'ActivityFeed.Read']) expect(extra).not.toContain(needed)
  expect(found.entraPermissionsUrl).toContain('/Permissions/')
})

test('every check is named, whatever is wrong', async () => {
  const { health } = await open()
  const names = (await health()).checks.map(({ name }) => name)
  expect(names).toEqual(healthCheckNames)
  withdrawConsent()
  expect(await checksByName()).toMatchObject({ CONSENT: 'UNHEALTHY', ACTIVITY_FEED: 'UNKNOWN' })
  expect(Object.keys(await checksByName())).toEqual(names)
})

test('B19 wider permissions that include the needed ones do as well', async () => {
  const { health } = await open({
    permissions: [
      ...without('Application.Read.All', 'User.Read.All', 'GroupMember.Read.All', 'Domain.Read.All'),
      ...['Directory.Read.All', 'User.ReadWrite.All'],
    ],
  })
  expect(await health()).toMatchObject({ status: 'HEALTHY' })
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
  ['consent never given', { consented: false }, 'CONSENT', '/consent/'],
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
    '/StartboardApplicationsMenuBlade/',
  ],
] as const)('B20 %s: everything is greyed out and the fault is named', async (_fault, options, name, mendUrl) => {
  const { ctx, event, health } = await open(options)
  const found = await health()
  expect(found.checks.filter(({ status }) => status === 'UNHEALTHY')).toMatchObject([
    { name, mendUrl: expect.stringContaining(mendUrl), blocks: expect.arrayContaining(['DISABLE_USER']) },
  ])
  expect(found.mendUrl).toContain(mendUrl)
  const { available, greyedOut, banner } = await assessmentOf(ctx, event)
  expect(available).toEqual([])
  expect(new Set(greyedOut.map(({ code }) => code))).toEqual(new Set(['TENANT_UNHEALTHY']))
  expect(greyedOut[0]?.remedy).toContain(mendUrl)
  expect(banner).not.toBeNull()
})

test('without leave to read the grants the tenant is unhealthy and the permission is named', async () => {
  const { health } = await open({ permissions: without('Application.Read.All', 'Application.ReadWrite.All') })
  const found = await health()
  expect(found.checks.filter(({ status }) => status === 'UNHEALTHY')).toMatchObject([
    { name: 'APPLICATION_PERMISSIONS', missingPermissions: ['Application.Read.All'] },
  ])
  expect(found.mendUrl).toContain('/consent/')
})

test("our own credential that Entra does not accept is no fault of the tenant's", async () => {
  await open()
  for (const application of scene.microsoft.world.applications) application.secrets = []
  const { status, check } = await checkOf('CONSENT')
  expect(status).toBe('UNKNOWN')
  expect(check).toMatchObject({ status: 'UNKNOWN', message: expect.stringContaining('secret or certificate') })
})

const checksByName = async () =>
  Object.fromEntries(
    (await tenantHealth(await scene.as(), scene.tenant.id)).checks.map(({ name, status }) => [name, status]),
  )

/** New tokens, as in a process that has none. */
function withdrawConsent(): void {
  scene.tenant.servicePrincipals = scene.tenant.servicePrincipals.filter(
    ({ displayName }) => displayName !== 'Tourniquet',
  )
  scene.clients.forgetTokens(scene.tenant.id)
}

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
  const { status, check } = await checkOf('EXCHANGE_ROLE')
  expect(status).toBe('UNHEALTHY')
  expect(check).toMatchObject({
    status: 'UNHEALTHY',
    blocks: expect.arrayContaining(['REMOVE_MAIL_FORWARDING', 'DISABLE_INBOX_RULES']),
    mendUrl: expect.stringContaining('/RolesManagementMenuBlade/'),
  })
  expect(check?.blocks).not.toContain('DISABLE_USER')
})
