/** What requests share of a tenant: its roles, its grants to us, its domains. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { person, userOf } from '../../../simulator/builders.ts'
import { directoryRoles } from '../../../simulator/directory-roles.ts'
import { assignDirectoryRole } from '../../../simulator/grants.ts'
import { block, type Scene, someScenes } from '../../../test/support/remediations.ts'
import { clientTiming } from '../../clients/timing.ts'
import type { StoredEvent } from '../../db/events.ts'
import { assessmentOf } from '../remediations/assess.ts'
import { planRemediation } from '../remediations/plan.ts'

let contoso: Scene
let fabrikam: Scene
beforeEach(async () => {
  await contoso?.close()
  const people = [person('Ada'), person('Ben'), person('Hedy', { rolesByGroup: ['Helpdesk Administrator'] })]
  const tenants = ['Contoso', 'Fabrikam'].map((name) => ({ name, people }))
  // However slow the machine is, nothing grows old.
  const now = new Date()
  const scenes = await someScenes(tenants, clientTiming, () => now)
  ;[contoso, fabrikam] = scenes as [Scene, Scene]
})
afterAll(() => contoso.close())

const wholeTenant = [
  'roleAssignments',
  'isAssignableToRole',
  '/members?',
  '/owners?',
  '/oauth2PermissionGrants',
  '/appRoleAssignments',
  'accountEnabled',
  '/servicePrincipals?',
  '/domains',
]
/** Reads of whole tenants since then, batch items one by one. */
const readsSince = (seq: number): string[] =>
  contoso.microsoft
    .journal(seq)
    .map(({ path }) => decodeURIComponent(path))
    .filter((path) => !path.startsWith('/users') && wholeTenant.some((part) => path.includes(part)))
const lastSeq = () => contoso.microsoft.journal().at(-1)?.seq ?? 0

const becomesAdministrator = (scene: Scene, name: string) =>
  assignDirectoryRole(scene.tenant, userOf(scene.tenant, name).id, directoryRoles['Global Administrator'])

/** What the option to disable the first subject needs; null: there is no such option. */
async function needsOf(scene: Scene, event: StoredEvent): Promise<string[] | null> {
  const { available } = await assessmentOf(await scene.as(), event)
  return available.find(({ kind }) => kind === 'DISABLE_USER')?.requirements.map(({ type }) => type) ?? null
}

test('P2 pages at the same moment read a tenant once, and the next page within some seconds not at all', async () => {
  const events = await Promise.all(['Ada', 'Ben', 'Hedy'].map((name) => contoso.anEventAbout(name)))
  const start = lastSeq()
  expect(await Promise.all(events.map((event) => needsOf(contoso, event)))).toEqual([[], [], ['PRIVILEGED_SIGN_IN']])
  const reads = readsSince(start)
  expect(reads).toHaveLength(new Set(reads).size)
  expect(reads.length).toBeGreaterThanOrEqual(wholeTenant.length)
  const next = lastSeq()
  expect(await needsOf(contoso, events[2] as StoredEvent)).toEqual(['PRIVILEGED_SIGN_IN'])
  expect(readsSince(next)).toEqual([])
})

test('a plan reads for itself, and a run that follows acts on what is true', async () => {
  const event = await contoso.anEventAbout('Ada')
  expect(await needsOf(contoso, event)).toEqual([])
  becomesAdministrator(contoso, 'Ada')
  const plan = await planRemediation(await contoso.as(), {
    group: 'BLOCK_USER',
    tenantId: event.tenantId,
    eventId: event.id,
    subjectId: event.subjects[0]?.id ?? '',
    actions: ['DISABLE_USER'],
  })
  expect(plan.refusals).toMatchObject([{ code: 'LAST_GLOBAL_ADMINISTRATOR' }])
  await expect(block(await contoso.as(), event, ['DISABLE_USER'])).rejects.toMatchObject({
    code: 'LAST_GLOBAL_ADMINISTRATOR',
  })
  expect(contoso.person('Ada').accountEnabled).toBe(true)
})

test('after our own run the tenant is read again', async () => {
  const [ada, ben] = await Promise.all([contoso.anEventAbout('Ada'), contoso.anEventAbout('Ben')])
  expect(await needsOf(contoso, ada)).toEqual([])
  becomesAdministrator(contoso, 'Ada')
  becomesAdministrator(contoso, 'Hedy')
  expect(await block(await contoso.as(), ben, ['REVOKE_SESSIONS'])).toMatchObject({ status: 'SUCCEEDED' })
  expect(await needsOf(contoso, ada)).toEqual(['PRIVILEGED_SIGN_IN'])
})

test('another tenant never sees it', async () => {
  becomesAdministrator(contoso, 'Ada')
  becomesAdministrator(contoso, 'Hedy')
  const [here, there] = await Promise.all([contoso.anEventAbout('Ada'), fabrikam.anEventAbout('Ada')])
  expect(await Promise.all([needsOf(contoso, here), needsOf(fabrikam, there)])).toEqual([['PRIVILEGED_SIGN_IN'], []])
  expect(await Promise.all([needsOf(contoso, here), needsOf(fabrikam, there)])).toEqual([['PRIVILEGED_SIGN_IN'], []])
  expect(contoso.person('Ada').id).not.toBe(fabrikam.person('Ada').id)
})
