import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRegisteredApp, aThirdPartyApp } from '../../../simulator/apps.ts'
import { person } from '../../../simulator/builders.ts'
import type { Fault } from '../../../simulator/engine-types.ts'
import { guid } from '../../../simulator/ids.ts'
import { aTeam, aTeamsApp, installTeamsApp } from '../../../simulator/teams.ts'
import type { Tenant } from '../../../simulator/world.ts'
import { anApp, aTeamsAppAt } from '../../../test/support/candidates.ts'
import { type Expectation, type FaultColumn, faultTable } from '../../../test/support/fault-table.ts'
import { aScene, remove, type Scene } from '../../../test/support/remediations.ts'
import { runById } from '../../db/runs.ts'
import { recoverRun } from './recover.ts'

/** What somebody else removed is gone: that is what was wanted. */
const exceptions: Record<string, Partial<Expectation>> = {
  '404, the target is gone': { state: 'CONFIRMED', code: null },
}
const act: FaultColumn['act'] = (ctx, event) => remove(ctx, event, 'REMOVE_APP')

const appId = guid('application', 'Mail Booster')
const withoutApp = (tenant: Tenant) => {
  tenant.servicePrincipals = tenant.servicePrincipals.filter((one) => one.appId !== appId)
}

const poll = aTeamsApp('Poll')
faultTable([
  {
    kind: 'REMOVE_APP',
    variant: 'of a publisher elsewhere',
    act,
    change: (tenant) => {
      aThirdPartyApp(tenant, 'Mail Booster', { consents: { Ada: ['Mail.Read'] } })
    },
    type: 'USER_CONSENTED_TO_APP',
    about: () => anApp({ appId, displayName: 'Mail Booster' }),
    named: 'mail booster',
    isDone: (_ada, tenant) => !tenant.servicePrincipals.some((one) => one.appId === appId),
    evidence: { servicePrincipal: { appId }, application: null, oauth2PermissionGrants: [{ scope: 'Mail.Read' }] },
    vanish: withoutApp,
    exceptions,
  },
  {
    kind: 'REMOVE_TEAMS_APP',
    act,
    change: (tenant) => {
      installTeamsApp(tenant, poll, 'TEAM', aTeam(tenant, 'Marketing'))
    },
    type: 'TEAMS_APP_INSTALLED',
    about: (tenant) =>
      aTeamsAppAt({
        teamsAppId: poll.teamsApp.id,
        displayName: 'Poll',
        scope: 'TEAM',
        scopeId: tenant.groups[0]?.id ?? '',
      }),
    named: 'poll',
    isDone: (_ada, tenant) => tenant.teamsInstallations.length === 0,
    evidence: { installation: { teamsApp: { displayName: 'Poll' } } },
    vanish: (tenant) => {
      tenant.teamsInstallations = []
    },
    exceptions,
  },
])

describe('REMOVE_APP with a registration in the tenant: what happens between its two calls', () => {
  let scene: Scene
  const names = ['One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten']
  beforeAll(async () => {
    scene = await aScene({
      people: [person('Ada')],
      change: (tenant, world) => {
        for (const name of names) aRegisteredApp(world, tenant, name)
      },
    })
  })
  afterAll(() => scene.close())

  const first = '/servicePrincipals/'
  const second = '/applications/'
  const left = (name: string) => {
    const id = guid('application', name)
    return {
      servicePrincipal: scene.tenant.servicePrincipals.some((one) => one.appId === id),
      application: scene.microsoft.world.applications.some((one) => one.appId === id),
    }
  }
  const presence = { servicePrincipal: true, application: true }
  const nothing = { servicePrincipal: false, application: false }
  const registrationAlone = { servicePrincipal: false, application: true }
  const halfDone = expect.stringContaining('The enterprise application is removed')

  const fault = (path: string, one: Partial<Fault> & Pick<Fault, 'fault'>) =>
    scene.microsoft.fault({ mutates: true, path, times: 9, ...one })
  const eventOn = (name: string) =>
    scene.anEventOf('USER_CONSENTED_TO_APP', anApp({ appId: guid('application', name) }))
  const removing = async (name: string, timing: object = {}) => {
    const ctx = await scene.as()
    const short = { readBackMs: 600, readBackPauseMs: 100, ...timing }
    return remove({ ...ctx, timing: { ...ctx.timing, ...short } }, await eventOn(name), 'REMOVE_APP')
  }
  const recovered = async (runId: string, minutesLater = 0) => {
    const ctx = await scene.as()
    const now = () => new Date(Date.now() + minutesLater * 60_000)
    await recoverRun({ ...ctx, now }, scene.tenant.id, runId)
    return scene.db.withTenants([scene.tenant.id], (tx) => runById(tx, scene.tenant.id, runId))
  }

  test.each([
    ['403', 'One', { status: 403 }, 'INSUFFICIENT_ROLE', false],
    ['429', 'Two', { status: 429 }, 'THROTTLED', true],
  ] as const)(
    'the second is refused with %s: failed, what was done is said and kept, and a new run does the rest',
    async (_status, name, args, code, retryable) => {
      const { end } = fault(second, { fault: 'status', args })
      const run = await removing(name)
      end()
      expect(run).toMatchObject({
        status: 'FAILED',
        steps: [{ state: 'FAILED', code, retryable, message: halfDone, evidence: { removed: ['servicePrincipal'] } }],
      })
      expect(left(name)).toEqual(registrationAlone)
      expect(await recovered(run.id, 11)).toMatchObject({ status: 'FAILED', steps: [{ code, message: halfDone }] })
      expect(await removing(name)).toMatchObject({
        steps: [{ state: 'CONFIRMED', evidence: { servicePrincipal: null, removed: ['application'] } }],
      })
      expect(left(name)).toEqual(nothing)
    },
  )

  test('the second is not answered, and nothing is done: unknown first, then failed, and what was done is said', async () => {
    const { end } = fault(second, { fault: 'status', args: { status: 500 } })
    const run = await removing('Three')
    expect(run).toMatchObject({
      status: 'UNKNOWN',
      steps: [{ state: 'UNKNOWN', code: 'UPSTREAM_ERROR', evidence: { removed: ['servicePrincipal'] } }],
    })
    end()
    expect(await recovered(run.id)).toMatchObject({ status: 'UNKNOWN' })
    expect(await recovered(run.id, 11)).toMatchObject({
      status: 'FAILED',
      steps: [
        { state: 'FAILED', code: 'UPSTREAM_ERROR', message: halfDone, evidence: { removed: ['servicePrincipal'] } },
      ],
    })
    expect(left('Three')).toEqual(registrationAlone)
  })

  test('the second is not answered, and is done later: unknown first, then confirmed', async () => {
    const delay = fault(second, { fault: 'delay', times: 1, args: { ms: 600_000 } })
    const run = await removing('Four', { callDeadlineMs: 5_000 })
    expect(run).toMatchObject({ status: 'UNKNOWN', steps: [{ code: 'TIMEOUT' }] })
    expect(left('Four')).toEqual(registrationAlone)
    delay.end()
    await expect.poll(() => left('Four'), { timeout: 20_000 }).toEqual(nothing)
    expect(await recovered(run.id)).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED', code: null }] })
  })

  test.each([
    ['is refused', 'Five', { fault: 'status', args: { status: 403 } }],
    ['fails without an answer', 'Six', { fault: 'resetBefore' }],
    ['is a success that is none', 'Seven', { fault: 'ignored' }],
    ['is done, though it fails', 'Eight', { fault: 'status', args: { status: 500, afterEffect: true } }],
  ] as const)(
    'the first %s: the second takes the presence along, and both are confirmed gone',
    async (_how, name, one) => {
      const { end } = fault(first, one)
      expect(await removing(name)).toMatchObject({
        status: 'SUCCEEDED',
        steps: [{ state: 'CONFIRMED', evidence: { removed: expect.arrayContaining(['application']) } }],
      })
      end()
      expect(left(name)).toEqual(nothing)
    },
  )

  test('both are refused: failed, and nothing is said to be done', async () => {
    const ends = [first, second].map((path) => fault(path, { fault: 'status', args: { status: 403 } }))
    expect(await removing('Nine')).toMatchObject({
      status: 'FAILED',
      steps: [
        { code: 'INSUFFICIENT_ROLE', message: expect.not.stringContaining('is removed'), evidence: { removed: [] } },
      ],
    })
    for (const { end } of ends) end()
    expect(left('Nine')).toEqual(presence)
  })

  test('somebody else deletes the registration between the two: both are gone, and that is confirmed', async () => {
    const gone = fault(second, { fault: 'status', args: { status: 404, code: 'Request_ResourceNotFound' } })
    void gone.struck.then(() => {
      const { world } = scene.microsoft
      world.applications = world.applications.filter((one) => one.appId !== guid('application', 'Ten'))
      gone.end()
    })
    expect(await removing('Ten')).toMatchObject({
      steps: [{ state: 'CONFIRMED', code: null, evidence: { removed: ['servicePrincipal'] } }],
    })
    expect(left('Ten')).toEqual(nothing)
  })
})
