/** What can be removed, on which events, and what is said of it: through the API, in the tenants of the sample. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { roles } from '../../../src/context.ts'
import {
  aRemovalsScene,
  type Mutation,
  otherTenantName,
  type RemovalsScene,
  type Subject,
  type TenantState,
  withoutRemovals,
} from '../../support/removals-scene.ts'

interface Removal {
  rule: 'B3' | 'B4' | 'B5' | 'B28'
  kind: string
  mutation: Mutation
  type: string
  about: Partial<Subject>
  option: object
  /** Of its calls. */
  methods: string[]
  isThere(state: TenantState): boolean
  evidence: object
  /** Why there is nothing to do the second time. */
  again: string
  /** An event on which the mutation is not offered, and a subject of it. */
  elsewhere: [type: string, about: Partial<Subject>]
}

const domain = '@northwindtraders.com'
const userIn = (state: TenantState, name: string) => state.users.find(({ displayName }) => displayName === name)
const hasApp = (state: TenantState, name: string) =>
  state.servicePrincipals.some(({ displayName }) => displayName === name)
const onApp = { rule: 'B3', mutation: 'removeApp', kind: 'REMOVE_APP', again: 'APP_ALREADY_REMOVED' } as const
const forwarding = {
  rule: 'B4',
  type: 'EXTERNAL_MAIL_FORWARDING',
  option: { reversible: false, howToUndo: null },
} as const
const accessEvent = 'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER'

const removals: Removal[] = [
  {
    ...onApp,
    type: 'USER_CONSENTED_TO_APP',
    about: { __typename: 'ApplicationSubject', displayName: 'Mail Booster' },
    option: {
      reversible: true,
      warnings: ['TOKENS_LIVE_ON'],
      applicationAccess: expect.arrayContaining([{ type: 'DELEGATED', permission: 'Mail.Read' }]),
    },
    methods: ['DELETE'],
    isThere: (state) => hasApp(state, 'Mail Booster'),
    evidence: { application: null, oauth2PermissionGrants: [{ scope: expect.stringContaining('Mail.Read') }] },
    elsewhere: [accessEvent, { __typename: 'MailboxAccessSubject' }],
  },
  {
    ...onApp,
    kind: 'REMOVE_TEAMS_APP',
    type: 'TEAMS_APP_INSTALLED',
    about: { __typename: 'TeamsAppSubject', displayName: 'Poll Master' },
    option: { reversible: true, howToUndo: expect.stringContaining('Install the app again') },
    methods: ['DELETE'],
    isThere: ({ teamsInstallations }) =>
      teamsInstallations.some(({ teamsApp }) => teamsApp.displayName === 'Poll Master'),
    evidence: { installation: { teamsApp: { displayName: 'Poll Master' } } },
    again: 'TEAMS_APP_NOT_INSTALLED',
    elsewhere: ['SUSPICIOUS_INBOX_RULE', { __typename: 'InboxRuleSubject' }],
  },
  {
    ...onApp,
    type: 'TEAMS_APP_INSTALLED',
    about: { __typename: 'ApplicationSubject' },
    option: { applicationAccess: expect.arrayContaining([{ type: 'APPLICATION', permission: 'Chat.Read.All' }]) },
    methods: ['DELETE'],
    isThere: (state) => hasApp(state, 'Report Sync'),
    evidence: { displayName: 'Report Sync', appRoleAssignments: [{}, {}] },
    elsewhere: ['EXTERNAL_MAIL_FORWARDING', { __typename: 'TransportRuleSubject' }],
  },
  {
    ...onApp,
    rule: 'B28',
    type: 'APPLICATION_PERMISSIONS_CHANGED',
    about: { __typename: 'ApplicationSubject', displayName: 'Northwind Intranet' },
    option: {
      reversible: true,
      howToUndo: expect.stringMatching(
        /^Within 30 days\. .*"Deleted applications".* does not bring back the enterprise application/,
      ),
      applicationAccess: [{ type: 'APPLICATION', permission: 'User.Read.All' }],
      remarks: ['The app is registered in this tenant: the registration goes as well.'],
    },
    methods: ['DELETE', 'DELETE'],
    isThere: (state) => hasApp(state, 'Northwind Intranet') || state.applications.length > 0,
    evidence: { application: { displayName: 'Northwind Intranet' }, removed: ['servicePrincipal', 'application'] },
    elsewhere: ['MAILBOX_ACCESS_BY_NON_OWNER', { __typename: 'MailboxSubject' }],
  },
  {
    rule: 'B4',
    kind: 'REMOVE_INBOX_RULE',
    mutation: 'removeInboxRule',
    type: 'SUSPICIOUS_INBOX_RULE',
    about: { __typename: 'InboxRuleSubject', name: '.' },
    option: { reversible: false, warnings: ['CANNOT_BE_UNDONE', 'OUTLOOK_CLIENT_RULES_LOST'] },
    methods: ['Remove-InboxRule'],
    isThere: (state) => userIn(state, 'Esi')?.inboxRules.some(({ displayName }) => displayName === '.') === true,
    evidence: { rule: { Name: '.', DeleteMessage: true, SubjectContainsWords: ['security', 'alert'] } },
    again: 'RULE_ALREADY_REMOVED',
    elsewhere: [accessEvent, { __typename: 'MailboxSubject' }],
  },
  {
    ...forwarding,
    kind: 'REMOVE_INBOX_RULE',
    mutation: 'removeInboxRule',
    about: { __typename: 'InboxRuleSubject', name: 'Invoices' },
    methods: ['Remove-InboxRule'],
    isThere: (state) => userIn(state, 'Dmitri')?.inboxRules.some((rule) => rule.displayName === 'Invoices') === true,
    evidence: { rule: { Name: 'Invoices', StopProcessingRules: true } },
    again: 'RULE_ALREADY_REMOVED',
    elsewhere: ['USER_CONSENTED_TO_APP', { __typename: 'ApplicationSubject' }],
  },
  {
    ...forwarding,
    kind: 'REMOVE_MAILBOX_FORWARDING',
    mutation: 'removeMailboxForwarding',
    about: { __typename: 'MailboxSubject', mailbox: 'bruno' },
    methods: ['Set-Mailbox'],
    isThere: (state) => userIn(state, 'Bruno')?.forwarding !== null,
    evidence: { before: { ForwardingSmtpAddress: expect.stringContaining('@') } },
    again: 'NO_FORWARDING',
    elsewhere: ['MAILBOX_ACCESS_BY_NON_OWNER', { __typename: 'MailboxSubject' }],
  },
  {
    ...forwarding,
    kind: 'REMOVE_TRANSPORT_RULE',
    mutation: 'removeTransportRule',
    about: { __typename: 'TransportRuleSubject', name: 'Compliance copy' },
    methods: ['Remove-TransportRule'],
    isThere: ({ transportRules }) => transportRules.some(({ Name }) => Name === 'Compliance copy'),
    evidence: { rule: { Name: 'Compliance copy', BlindCopyTo: ['collector@example.org'] } },
    again: 'RULE_ALREADY_REMOVED',
    elsewhere: ['SUSPICIOUS_INBOX_RULE', { __typename: 'InboxRuleSubject' }],
  },
  {
    rule: 'B5',
    kind: 'REMOVE_MAILBOX_ACCESS',
    mutation: 'removeMailboxAccess',
    type: accessEvent,
    about: { __typename: 'MailboxAccessSubject', grantee: 'hugo' },
    option: { reversible: false, warnings: ['CANNOT_BE_UNDONE', 'OTHER_ACCESS_REMAINS'] },
    methods: ['Remove-MailboxPermission'],
    isThere: ({ mailboxPermissions }) =>
      mailboxPermissions.some(({ Identity, User }) => Identity === 'accounts' && User === `hugo${domain}`),
    evidence: { grantee: `hugo${domain}`, permissions: [{ AccessRights: ['FullAccess'] }] },
    again: 'ACCESS_ALREADY_REMOVED',
    elsewhere: ['EXTERNAL_MAIL_FORWARDING', { __typename: 'MailboxSubject' }],
  },
  {
    rule: 'B5',
    kind: 'REMOVE_MAILBOX_ACCESS',
    mutation: 'removeMailboxAccess',
    type: 'MAILBOX_ACCESS_BY_NON_OWNER',
    about: { __typename: 'MailboxAccessSubject', grantee: `olga${domain}` },
    option: { reversible: false, warnings: ['CANNOT_BE_UNDONE'] },
    methods: ['Remove-MailboxPermission'],
    isThere: ({ mailboxPermissions }) =>
      mailboxPermissions.some(({ Identity, User }) => Identity === 'ines' && User === `olga${domain}`),
    evidence: { mailbox: { PrimarySmtpAddress: `ines${domain}` } },
    again: 'ACCESS_ALREADY_REMOVED',
    elsewhere: ['SUSPICIOUS_INBOX_RULE', { __typename: 'InboxRuleSubject' }],
  },
]
const of = (rule: Removal['rule']) => removals.filter((removal) => removal.rule === rule)

let scene: RemovalsScene
beforeAll(async () => {
  scene = await aRemovalsScene()
})
afterAll(() => scene.close())

/** Nothing is changed by the call. */
async function refused(call: () => Promise<object>, expected: object): Promise<void> {
  const before = scene.writes()
  expect(await call()).toMatchObject(expected)
  expect(scene.writes()).toBe(before)
}

test.each(removals)('$kind on $type takes the role for apps and rules', async ({ mutation, type, about }) => {
  const { target } = await scene.look(type, about)
  const as = await scene.anOperator(withoutRemovals)
  expect((await scene.look(type, about, as)).available.map(({ viewerCan }) => viewerCan)).toEqual([false])
  await refused(() => scene.remove(mutation, target, { as }), {
    __typename: 'NotAllowedError',
    message: expect.stringContaining('Remediations.AppsAndRules'),
  })
})

test.each(removals)(
  "$kind on $type: another tenant's event is one that is not there",
  async ({ mutation, type, about }) => {
    const { target } = await scene.look(type, about)
    const as = await scene.anOperator(roles, otherTenantName)
    await refused(() => scene.remove(mutation, target, { as }), { __typename: 'NotFoundError' })
  },
)

/** Said, planned, done, seen in the tenant, and done once. */
async function removesIt({ kind, mutation, type, about, option, methods, isThere, evidence, again }: Removal) {
  const seen = await scene.look(type, about)
  const texts = { title: expect.any(String), effect: expect.any(String), limits: expect.any(String), viewerCan: true }
  expect(seen.available).toMatchObject([{ kind, ...texts, ...option }])
  expect(await scene.plan(seen.target, kind)).toMatchObject({
    calls: methods.map((method) => ({ kind, method, credential: 'APPLICATION' })),
    skipped: [],
    refusals: [],
  })
  expect(isThere(await scene.state())).toBe(true)

  const key = crypto.randomUUID()
  const run = await scene.remove(mutation, seen.target, { key })
  expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ kind, state: 'CONFIRMED', code: null, evidence }] })
  expect(isThere(await scene.state())).toBe(false)

  await refused(() => scene.remove(mutation, seen.target, { key }), { __typename: 'RemediationRun', id: run.id })
  expect((await scene.look(type, about)).greyedOut).toMatchObject([{ kind, code: again }])
  await refused(() => scene.remove(mutation, seen.target), {
    __typename: 'RemediationUnavailableError',
    reasons: [{ kind, code: again }],
  })
}

/** On the event itself for its people, and on an event of another type. */
async function refusesOthers({ kind, mutation, type, about, elsewhere }: Removal) {
  const invalid = { __typename: 'InvalidInputError', issues: [{ path: ['input', 'subjectId'] }] }
  const { target, subjects } = await scene.look(type, about)
  const person = subjects.find(({ __typename }) => __typename === 'UserSubject')
  if (!person) throw new Error('The event names nobody')
  await refused(() => scene.remove(mutation, { ...target, subjectId: person.id }), invalid)

  const other = await scene.look(...elsewhere)
  expect([...other.available, ...other.greyedOut].map((one) => one.kind)).not.toContain(kind)
  await refused(() => scene.remove(mutation, other.target), invalid)
}

test.each(of('B3'))('B3 does not reach: $kind on events that are not about an app, and people', refusesOthers)
test.each(of('B4'))('B4 does not reach: $kind on events about another kind of rule, or none, and people', refusesOthers)
test.each(of('B5'))('B5 does not reach: $kind on events about something else, and people', refusesOthers)

test.each([
  ['through a group', 'MAILBOX_ACCESS_BY_NON_OWNER', `felix${domain}`, 'ACCESS_THROUGH_GROUP'],
  ['from above', 'MAILBOX_ACCESS_BY_NON_OWNER', `hana${domain}`, 'ACCESS_INHERITED'],
  ['to a folder only', 'MAILBOX_ACCESS_BY_NON_OWNER', `kira${domain}`, 'ACCESS_ALREADY_REMOVED'],
  ['no more', accessEvent, 'nils', 'ACCESS_ALREADY_REMOVED'],
])('B5 does not reach: a grantee who holds access %s', async (_how, type, name, code) => {
  const { target, available, greyedOut } = await scene.look(type, {
    __typename: 'MailboxAccessSubject',
    grantee: name,
  })
  expect(available).toEqual([])
  expect(greyedOut).toMatchObject([{ kind: 'REMOVE_MAILBOX_ACCESS', code }])
  await refused(() => scene.remove('removeMailboxAccess', target), { reasons: [{ code }] })
})

test('B28 does not reach: what no deleted item keeps', async () => {
  for (const { type, about } of removals.filter(({ kind }) => kind !== 'REMOVE_APP')) {
    const [option] = (await scene.look(type, about)).available
    expect(JSON.stringify(option)).not.toMatch(/30 days/)
  }
})

test('B29 does not reach: an app of Entra, which Teams does not install', async () => {
  const [option] = (await scene.look('USER_CONSENTED_TO_APP', { displayName: 'Mail Booster' })).available
  expect(option?.limits).not.toContain('Teams admin center')
})

test('B29 holds: the option says how to keep a Teams app out', async () => {
  const { target, available } = await scene.look('TEAMS_APP_INSTALLED', {
    __typename: 'TeamsAppSubject',
    displayName: 'Sticky Notes',
  })
  expect(available).toMatchObject([{ limits: expect.stringMatching(/To keep it out: Teams admin center.*"Block"/) }])
  expect(await scene.remove('removeApp', target)).toMatchObject({
    steps: [{ state: 'CONFIRMED', remedy: expect.stringContaining('Block the app in the Teams admin center') }],
  })
})

test.each(of('B3'))('B3 holds: $kind is offered on $type, and what it names is gone', removesIt)
test.each(of('B4'))('B4 holds: $kind is offered on $type, and what it names is gone', removesIt)
test.each(of('B5'))('B5 holds: $kind is offered on $type, and the access is gone', removesIt)

test.each(of('B28'))(
  'B28 holds: both objects of a removed application are kept for 30 days, and it says where, and what a restore leaves out',
  async (removal) => {
    await removesIt(removal)
    const { deletedItems } = await scene.state()
    const kept = deletedItems.filter(({ displayName }) => displayName === removal.about.displayName)
    expect(kept.map((one) => one['@odata.type']).sort()).toEqual([
      '#microsoft.graph.application',
      '#microsoft.graph.servicePrincipal',
    ])
  },
)
