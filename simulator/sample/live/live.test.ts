import { afterEach, beforeEach, expect, test } from 'vitest'
import { mailboxOfUser, userOf } from '../../builders.ts'
import { createSimulator, type Simulator } from '../../server.ts'
import type { Tenant } from '../../world.ts'
import type { AuditRecord } from '../record-forms.ts'
import { sampleWorld } from '../world.ts'
import { type Live, startLive } from './live.ts'
import type { Step } from './steps.ts'
import { type LiveStory, liveStories } from './stories.ts'

let simulator: Simulator
let running: Live[] = []
beforeEach(() => {
  simulator = aSimulator()
})
afterEach(() => {
  for (const live of running) live.stop()
  running = []
})

function aSimulator(): Simulator {
  const made = createSimulator({ world: sampleWorld() })
  made.world.switches = { feed: { unknownRecords: false, duplicates: false, shuffled: false, delayMs: 0 } }
  return made
}

const start = (stories: readonly LiveStory[], everyMs = 20, of = simulator): void => {
  running.push(startLive(of.engine, { everyMs, firstAfterMs: 0, stories }))
}
const tenantOf = (name: string, { world } = simulator): Tenant => {
  const tenant = world.tenants.find(({ displayName }) => displayName === name)
  if (!tenant) throw new Error(name)
  return tenant
}
const recordsOf = (name: string, of = simulator): AuditRecord[] =>
  (tenantOf(name, of).auditContent ?? []).flatMap(({ records }) => records)
const operationsOf = (name: string, of = simulator): unknown[] => recordsOf(name, of).map(({ Operation }) => Operation)
const waiting = { timeout: 60_000 }

const [fraud, ...others] = liveStories
if (!fraud) throw new Error('There are no stories.')

test('what happens is really there: the rule, the grant and the forwarding can be found, and removed', async () => {
  start([fraud])
  await expect.poll(() => operationsOf('Northwind Traders'), waiting).toContain('SendAs')
  const tenant = tenantOf('Northwind Traders')
  const hugo = userOf(tenant, 'Hugo')
  const mailbox = mailboxOfUser(tenant, 'Hugo')
  expect(mailbox.forwardingSmtpAddress).toBe('smtp:h.archive@example.net')
  const hides = { displayName: '...', isEnabled: true, actions: { moveToFolder: 'RSS Feeds', markAsRead: true } }
  expect(mailbox.inboxRules).toContainEqual(
    expect.objectContaining({ ...hides, actions: expect.objectContaining(hides.actions) }),
  )
  const app = tenant.servicePrincipals.find(({ displayName }) => displayName === 'Inbox Insights')
  const grant = { clientId: app?.id, principalId: hugo.id, scope: 'offline_access Mail.ReadWrite Mail.Send' }
  expect(tenant.oauth2PermissionGrants).toContainEqual(expect.objectContaining(grant))
  expect(recordsOf('Northwind Traders')).toContainEqual(
    expect.objectContaining({
      Operation: 'Consent to application.',
      ObjectId: app?.appId,
      UserId: hugo.userPrincipalName,
    }),
  )
  expect(recordsOf('Northwind Traders')).toContainEqual(
    expect.objectContaining({ Operation: 'New-InboxRule', ObjectId: 'hugo\\...', ClientIP: '198.51.100.181:51734' }),
  )
})

test('every story can happen in the sample, once, and is the same in every run', async () => {
  const play = async (of: Simulator): Promise<unknown[]> => {
    start(liveStories, 60, of)
    const isOver = () =>
      of.world.liveStories?.length === liveStories.length &&
      recordsOf('Northwind Traders', of).some(({ ObjectId }) => ObjectId === 'nils\\ ')
    await expect.poll(isOver, waiting).toBe(true)
    return ['Northwind Traders', 'Fabrikam', 'Tailspin Toys'].map((name) => operationsOf(name, of))
  }
  const [northwind, fabrikam, tailspin] = (await play(simulator)) as string[][]
  expect(northwind).toEqual(
    expect.arrayContaining([
      ...['UserLoginFailed', 'UserLoggedIn', 'Consent to application.', 'New-InboxRule', 'Set-Mailbox', 'SendAs'],
      ...['Add-MailboxPermission', 'MailItemsAccessed', 'New-TransportRule', 'AppInstalled'],
      'Update application – Certificates and secrets management ',
    ]),
  )
  expect(fabrikam).toContain('Set-Mailbox')
  expect(tailspin).toContain('New-InboxRule')
  expect(simulator.world.liveStories).toEqual(liveStories.map(({ name }) => name))
  expect(await play(aSimulator())).toEqual([northwind, fabrikam, tailspin])
})

test('who blocks the account ends the story: the thief is left outside', async () => {
  const [signIn, ...rest] = fraud.steps
  if (!signIn) throw new Error('The story has no steps.')
  const block: Step = ({ tenant }) => {
    userOf(tenant, 'Hugo').accountEnabled = false
    return []
  }
  start([{ ...fraud, steps: [signIn, block, ...rest] }, ...others.slice(0, 1)])
  // The next story comes to its end, this one does not go on.
  await expect.poll(() => operationsOf('Northwind Traders'), waiting).toContain('New-TransportRule')
  const refused = { Operation: 'UserLoginFailed', ErrorNumber: '50057', UserId: 'hugo@northwindtraders.com' }
  expect(recordsOf('Northwind Traders').filter(({ ErrorNumber }) => ErrorNumber === '50057')).toMatchObject([refused])
  expect(operationsOf('Northwind Traders')).not.toContain('Consent to application.')
  expect(mailboxOfUser(tenantOf('Northwind Traders'), 'Hugo').forwardingSmtpAddress).toBeNull()
})

test.each([
  ['revoked sessions', 'signInSessionsValidFromDateTime'],
  ['a new password', 'lastPasswordChangeDateTime'],
] as const)('%s end it, too', async (_, property) => {
  const end: Step = ({ tenant }) => {
    userOf(tenant, 'Hugo')[property] = new Date(Date.now() + 1000).toISOString()
    return []
  }
  start([{ ...fraud, steps: [end, ...fraud.steps] }])
  await expect.poll(() => operationsOf('Northwind Traders'), waiting).toEqual(['UserLoginFailed'])
  start(others.slice(0, 1))
  await expect.poll(() => operationsOf('Northwind Traders'), waiting).toContain('New-TransportRule')
  expect(operationsOf('Northwind Traders')).not.toContain('Consent to application.')
})

test('a reset takes what has begun away, and all of it can begin again', async () => {
  let resets = 0
  const reset: Step = () => {
    resets += 1
    simulator.reset()
    return []
  }
  start([{ ...fraud, steps: [reset, ...fraud.steps] }])
  await expect.poll(() => resets, waiting).toBeGreaterThan(1)
  expect(operationsOf('Northwind Traders')).toEqual([])
})
