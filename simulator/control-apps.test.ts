import { afterEach, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../test/support/microsoft.ts'
import { aRegisteredApp, aThirdPartyApp } from './apps.ts'
import { aTenant, aWorld } from './builders.ts'
import { deleteApplication } from './deletion.ts'
import { aTeam, aTeamsApp, installTeamsApp } from './teams.ts'

const running: TestMicrosoft[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
})

test('the state shows apps, what was deleted of them, and where Teams apps are installed', async () => {
  const contoso = aTenant()
  const microsoft = await aMicrosoft(aWorld({ tenants: [contoso] }))
  running.push(microsoft)
  const { world } = microsoft
  const mailer = aThirdPartyApp(contoso, 'Mailer')
  const gone = aRegisteredApp(world, contoso, 'Old intranet')
  const kept = aRegisteredApp(world, contoso, 'Intranet')
  const at = new Date()
  deleteApplication(world, contoso, gone.application, at)
  const team = aTeam(contoso, 'Marketing')
  const installation = installTeamsApp(contoso, aTeamsApp('Poll Master'), 'TEAM', team)
  const text = await (await fetch(`${microsoft.url}/control/state`)).text()
  for (const { application } of [gone, kept]) expect(text).not.toContain(application.secrets[0])
  const [state] = JSON.parse(text).tenants
  expect(state.servicePrincipals).toContainEqual(
    expect.objectContaining({ id: mailer.id, appId: mailer.appId, accountEnabled: true, verifiedPublisher: null }),
  )
  expect(state.applications).toEqual([
    { id: kept.application.id, appId: kept.application.appId, displayName: 'Intranet' },
  ])
  const deletedDateTime = at.toISOString()
  const { appId } = gone.application
  expect(state.deletedItems).toEqual([
    {
      '@odata.type': '#microsoft.graph.application',
      id: gone.application.id,
      appId,
      displayName: 'Old intranet',
      deletedDateTime,
    },
    {
      '@odata.type': '#microsoft.graph.servicePrincipal',
      id: gone.principal.id,
      appId,
      displayName: 'Old intranet',
      deletedDateTime,
    },
  ])
  expect(state.teamsInstallations).toMatchObject([
    { id: installation.id, scope: 'TEAM', scopeId: team.id, teamsApp: { displayName: 'Poll Master' } },
  ])
})
