import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRegisteredApp } from '../../../simulator/apps.ts'
import { person } from '../../../simulator/builders.ts'
import { anApp } from '../../../test/support/candidates.ts'
import { aScene, type Scene } from '../../../test/support/remediations.ts'
import { assessmentOf } from '../remediations/assess.ts'

let scene: Scene
let ids: { appId: string; servicePrincipalId: string; applicationId: string }
beforeAll(async () => {
  scene = await aScene({
    people: [person('Ada')],
    change: (tenant, world) => {
      const grants = { permissions: ['User.Read.All'], consents: { Ada: ['Files.Read'] } }
      const { application, principal } = aRegisteredApp(world, tenant, 'Intranet', grants)
      ids = { appId: application.appId, servicePrincipalId: principal.id, applicationId: application.id }
    },
  })
})
afterAll(() => scene?.close())

test.each(['appId', 'servicePrincipalId', 'applicationId'] as const)(
  'what an app may do is known, whatever of it the record tells: %s alone',
  async (name) => {
    const event = await scene.anEventOf('APPLICATION_PERMISSIONS_CHANGED', anApp({ [name]: ids[name] }))
    const { available } = await assessmentOf(await scene.as(), event)
    expect(available).toMatchObject([{ kind: 'REMOVE_APP' }])
    expect(available[0]?.applicationAccess.map(({ permission }) => permission).toSorted()).toEqual([
      'Files.Read',
      'User.Read.All',
    ])
    expect(available[0]?.remarks).toEqual(['The app is registered in this tenant: the registration goes as well.'])
  },
)
