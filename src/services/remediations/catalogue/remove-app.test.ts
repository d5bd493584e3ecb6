import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aManagedIdentity, aMicrosoftApp, aRegisteredApp, aThirdPartyApp } from '../../../../simulator/apps.ts'
import { person } from '../../../../simulator/builders.ts'
import { guid } from '../../../../simulator/ids.ts'
import { graphAppId } from '../../../../simulator/microsoft-resources.ts'
import type { ServicePrincipal } from '../../../../simulator/world.ts'
import { anApp } from '../../../../test/support/candidates.ts'
import { aScene, remove, type Scene } from '../../../../test/support/remediations.ts'
import type { SubjectCandidate } from '../../events/types.ts'
import { assessmentOf } from '../assess.ts'

let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    people: [person('Ada')],
    change: (tenant, world) => {
      aThirdPartyApp(tenant, 'Mail Booster', {
        consents: { Ada: ['offline_access', 'Mail.Read', 'User.Read'] },
        delegated: ['User.Read'],
        permissions: ['Application.Read.All', 'Chat.Read.All'],
      })
      aThirdPartyApp(tenant, 'By Object Id')
      aThirdPartyApp(tenant, 'Slow')
      aRegisteredApp(world, tenant, 'Intranet', { permissions: ['User.Read.All'] })
      aRegisteredApp(world, tenant, 'Half Gone')
      aRegisteredApp(world, tenant, 'By Registration')
      aManagedIdentity(tenant, 'backup')
      aMicrosoftApp(tenant, 'Command Line Tools', '14d82eec-204b-4c2f-b7e8-296a70dab67e')
    },
  })
})
afterAll(() => scene.close())

const principal = (name: string): ServicePrincipal => {
  const found = scene.tenant.servicePrincipals.find(({ displayName }) => displayName === name)
  if (!found) throw new Error(`There is no ${name}`)
  return found
}
const registration = (name: string) =>
  scene.microsoft.world.applications.find(
    ({ displayName, homeTenantId }) => displayName === name && homeTenantId === scene.tenant.id,
  )
const named = (name: string): SubjectCandidate =>
  anApp({ appId: principal(name).appId, servicePrincipalId: principal(name).id })
const deletedIds = () => scene.tenant.deletedItems.map(({ object }) => object.id)
const anEvent = (candidate: SubjectCandidate) => scene.anEventOf('USER_CONSENTED_TO_APP', candidate)

describe('REMOVE_APP', () => {
  test('B25 the option lists what the app may do now, the risky first', async () => {
    const { available } = await assessmentOf(await scene.as(), await anEvent(named('Mail Booster')))
    expect(available).toMatchObject([{ kind: 'REMOVE_APP', reversible: true, warnings: ['TOKENS_LIVE_ON'] }])
    const [option] = available
    const ada = scene.person('Ada').id
    expect(option?.applicationAccess.map(({ isRisky }) => isRisky)).toEqual([true, true, false, false, false, false])
    expect(option?.applicationAccess).toEqual(
      expect.arrayContaining([
        { type: 'APPLICATION', permission: 'Chat.Read.All', resource: 'Microsoft Graph', userId: null, isRisky: true },
        { type: 'DELEGATED', permission: 'Mail.Read', resource: 'Microsoft Graph', userId: ada, isRisky: true },
        { type: 'DELEGATED', permission: 'offline_access', resource: 'Microsoft Graph', userId: ada, isRisky: false },
        { type: 'DELEGATED', permission: 'User.Read', resource: 'Microsoft Graph', userId: null, isRisky: false },
      ]),
    )
    expect(option?.remarks).toEqual(['The app is registered in another organisation: its registration there stays.'])
  })

  test('B8 the enterprise application goes, its grants are kept as evidence, and a second time there is nothing to do', async () => {
    const event = await anEvent(named('Mail Booster'))
    const { id, appId } = principal('Mail Booster')
    const run = await remove(await scene.as(), event, 'REMOVE_APP')
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        {
          state: 'CONFIRMED',
          message: `Removed the app "Mail Booster" (enterprise application ${id})`,
          evidence: {
            appId,
            servicePrincipal: { id, appId, displayName: 'Mail Booster' },
            application: null,
            oauth2PermissionGrants: expect.arrayContaining([
              expect.objectContaining({ consentType: 'Principal', principalId: scene.person('Ada').id }),
              expect.objectContaining({ consentType: 'AllPrincipals' }),
            ]),
            appRoleAssignments: [
              expect.objectContaining({ resourceDisplayName: 'Microsoft Graph' }),
              expect.objectContaining({ resourceDisplayName: 'Microsoft Graph' }),
            ],
          },
        },
      ],
    })
    expect(scene.tenant.servicePrincipals.map((one) => one.id)).not.toContain(id)
    expect(deletedIds()).toContain(id)
    await expect(remove(await scene.as(), event, 'REMOVE_APP')).rejects.toMatchObject({
      reasons: [{ code: 'APP_ALREADY_REMOVED' }],
    })
  })

  test('B28 a registration of the tenant goes as well, and the run tells both object ids and what a restore brings back', async () => {
    const [presence, own] = [principal('Intranet'), registration('Intranet')]
    const run = await remove(await scene.as(), await anEvent(named('Intranet')), 'REMOVE_APP')
    expect(run).toMatchObject({
      steps: [
        {
          state: 'CONFIRMED',
          message: `Removed the app "Intranet" (enterprise application ${presence.id}, app registration ${own?.id})`,
          remedy: expect.stringContaining('does not bring back the enterprise application'),
          evidence: { servicePrincipal: { id: presence.id }, application: { id: own?.id } },
        },
      ],
    })
    expect(deletedIds()).toEqual(expect.arrayContaining([presence.id, own?.id]))
    expect(registration('Intranet')).toBeUndefined()
  })

  test.each<[string, () => SubjectCandidate, string]>([
    ['its object id alone', () => anApp({ servicePrincipalId: principal('By Object Id').id }), 'By Object Id'],
    [
      'its registration alone',
      () => anApp({ applicationId: registration('By Registration')?.id ?? '' }),
      'By Registration',
    ],
  ])('is found by %s', async (_how, candidate, name) => {
    const { id } = principal(name)
    expect(await remove(await scene.as(), await anEvent(candidate()), 'REMOVE_APP')).toMatchObject({
      steps: [{ state: 'CONFIRMED', evidence: { appRoleAssignments: [] } }],
    })
    expect(deletedIds()).toContain(id)
    expect(registration(name)).toBeUndefined()
  })

  test('a registration whose presence is gone can still be removed', async () => {
    const candidate = named('Half Gone')
    const { id } = principal('Half Gone')
    scene.tenant.servicePrincipals.splice(
      scene.tenant.servicePrincipals.findIndex((one) => one.id === id),
      1,
    )
    expect(await remove(await scene.as(), await anEvent(candidate), 'REMOVE_APP')).toMatchObject({
      steps: [{ state: 'CONFIRMED', evidence: { servicePrincipal: null } }],
    })
    expect(registration('Half Gone')).toBeUndefined()
  })

  test.each<[string, () => SubjectCandidate, string]>([
    ['one of Microsoft', () => named('Command Line Tools'), 'MICROSOFT_APP'],
    ['a resource API of Microsoft', () => named('Microsoft Graph'), 'MICROSOFT_APP'],
    ['our own', () => named('Tourniquet'), 'OWN_APP'],
    ['a managed identity', () => named('backup'), 'MANAGED_IDENTITY'],
    ['one that is gone', () => anApp({ appId: guid('application', 'gone') }), 'APP_ALREADY_REMOVED'],
  ])('%s is greyed out and refused, and nothing is sent', async (_what, candidate, code) => {
    const writes = scene.writes().length
    const event = await anEvent(candidate())
    const { available, greyedOut } = await assessmentOf(await scene.as(), event)
    expect({ available, codes: greyedOut.map((reason) => reason.code) }).toEqual({ available: [], codes: [code] })
    await expect(remove(await scene.as(), event, 'REMOVE_APP')).rejects.toMatchObject({ reasons: [{ code }] })
    expect(scene.writes().length).toBe(writes)
    expect(scene.tenant.servicePrincipals.map(({ appId }) => appId)).toContain(graphAppId)
  })

  test('B3 is offered on the three events about apps and on no other', async () => {
    for (const [type, offered] of [
      ['USER_CONSENTED_TO_APP', true],
      ['TEAMS_APP_INSTALLED', true],
      ['APPLICATION_PERMISSIONS_CHANGED', true],
      ['EXTERNAL_MAIL_FORWARDING', false],
      ['USER_ACTIVITY', false],
    ] as const) {
      const event = await scene.anEventOf(type, named('Slow'))
      const { available } = await assessmentOf(await scene.as(), event)
      expect(available.map(({ kind }) => kind)).toEqual(offered ? ['REMOVE_APP'] : [])
      if (offered) continue
      await expect(remove(await scene.as(), event, 'REMOVE_APP')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })

  test('what the app may do is only said: where it cannot be read the app can still be removed', async () => {
    const event = await anEvent(named('Slow'))
    const path = '/oauth2PermissionGrants'
    scene.microsoft.fault({
      fault: 'status',
      path,
      times: 9,
      args: { status: 403, code: 'Authorization_RequestDenied' },
    })
    const { available } = await assessmentOf(await scene.as(), event)
    expect(available).toMatchObject([
      { applicationAccess: [], remarks: expect.arrayContaining([expect.stringContaining('could not be read')]) },
    ])
  })
})
