/** The simulator's own answers against Microsoft's published description of Graph. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aGroup, mailboxOfUser, person } from '../../simulator/builders.ts'
import { directoryRoles } from '../../simulator/directory-roles.ts'
import { routesOf } from '../../simulator/graph/routes.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { withPartner } from '../../simulator/partners.ts'
import {
  type GraphDescription,
  graphDescription,
  isDescriptionThere,
  warnIfNotDescribed,
} from '../support/graph-description.ts'
import { aGraphWorld, type GraphWorld } from '../support/graph-world.ts'
import { addApps, appExamples } from './graph-app-examples.ts'
import { type Example, get, id, unknownId } from './graph-example.ts'

warnIfNotDescribed()

const eventual = { ConsistencyLevel: 'eventual' }

const groupId = ({ tenant }: GraphWorld): string => tenant.groups[0]?.id ?? ''
const principalId = ({ tenant, appId }: GraphWorld): string =>
  tenant.servicePrincipals.find((principal) => principal.appId === appId)?.id ?? ''
const passwordMethod = '28c10230-6103-485e-b985-444c60001490'
const operationId = '11111111-2222-4333-8444-555555555555'
const rules = '/users/{user-id}/mailFolders/{mailFolder-id}/messageRules'
const rulesOf = (world: GraphWorld): string => `/users/${id(world, 'Ada')}/mailFolders/inbox/messageRules`
const ruleOf = (world: GraphWorld, index: number): string =>
  `${rulesOf(world)}/${encodeURIComponent(mailboxOfUser(world.tenant, 'Ada').inboxRules[index]?.id ?? '')}`
const reset = '/users/{user-id}/authentication/methods/{authenticationMethod-id}/resetPassword'
const resetOf = (name: string) => (world: GraphWorld) =>
  `/users/${id(world, name)}/authentication/methods/${passwordMethod}/resetPassword`
const relationships = '/tenantRelationships/delegatedAdminRelationships'
const relationshipId = ({ microsoft }: GraphWorld): string =>
  microsoft.tenant('Fabrikam').partnerRelationships[0]?.id ?? ''
const examples: Example[] = [
  get('/users', () => '/users?$top=2&$count=true'),
  get('/users/{user-id}', (world) => `/users/${id(world, 'Ada')}`),
  get(
    '/users/{user-id}',
    (world) =>
      `/users/${id(world, 'Ada')}?$select=id,accountEnabled,userType,onPremisesSyncEnabled,assignedPlans,proxyAddresses,signInSessionsValidFromDateTime,createdDateTime,lastPasswordChangeDateTime,isManagementRestricted,otherMails,externalUserState`,
  ),
  get('/users/{user-id}', () => `/users/${unknownId}`, 404),
  get('/users/{user-id}', () => '/users/nonsense', 400),
  get('/users/{user-id}/memberOf', (world) => `/users/${id(world, 'Gloria')}/memberOf`),
  get('/users/{user-id}/transitiveMemberOf', (world) => `/users/${id(world, 'Hana')}/transitiveMemberOf`),
  get(
    '/users/{user-id}/transitiveMemberOf/microsoft.graph.group',
    (world) => `/users/${id(world, 'Hana')}/transitiveMemberOf/microsoft.graph.group?$count=true`,
  ),
  get(
    '/users/{user-id}/transitiveMemberOf/microsoft.graph.directoryRole',
    (world) => `/users/${id(world, 'Gloria')}/transitiveMemberOf/microsoft.graph.directoryRole?$count=true`,
  ),
  get(
    '/users/{user-id}/ownedObjects/microsoft.graph.group',
    (world) => `/users/${id(world, 'Ada')}/ownedObjects/microsoft.graph.group?$count=true`,
  ),
  get('/users/{user-id}/mailboxSettings', (world) => `/users/${id(world, 'Ada')}/mailboxSettings`),
  get('/users/{user-id}/mailboxSettings', (world) => `/users/${id(world, 'Carla')}/mailboxSettings`, 404),
  get('/groups', () => '/groups?$expand=members'),
  get('/groups/{group-id}', (world) => `/groups/${groupId(world)}`),
  get('/groups/{group-id}/members', (world) => `/groups/${groupId(world)}/members`),
  get('/groups/{group-id}/owners', (world) => `/groups/${groupId(world)}/owners`),
  get('/groups/{group-id}/transitiveMembers', (world) => `/groups/${groupId(world)}/transitiveMembers`),
  get('/directoryRoles', () => '/directoryRoles'),
  get(
    "/directoryRoles(roleTemplateId='{roleTemplateId}')/members",
    () => `/directoryRoles(roleTemplateId='${directoryRoles['Global Administrator']}')/members`,
  ),
  get('/directoryRoles/{directoryRole-id}/members', () => `/directoryRoles/${unknownId}/members`, 404),
  get(
    '/roleManagement/directory/roleAssignments',
    () => '/roleManagement/directory/roleAssignments?$expand=roleDefinition',
  ),
  get('/roleManagement/directory/roleDefinitions', () => '/roleManagement/directory/roleDefinitions'),
  get('/servicePrincipals', () => '/servicePrincipals'),
  get('/servicePrincipals/{servicePrincipal-id}', (world) => `/servicePrincipals/${principalId(world)}`),
  get("/servicePrincipals(appId='{appId}')", ({ appId }) => `/servicePrincipals(appId='${appId}')`),
  ...['appRoleAssignments', 'oauth2PermissionGrants'].flatMap((list) => [
    get(
      `/servicePrincipals/{servicePrincipal-id}/${list}`,
      (world) => `/servicePrincipals/${principalId(world)}/${list}`,
    ),
    get(`/servicePrincipals(appId='{appId}')/${list}`, ({ appId }) => `/servicePrincipals(appId='${appId}')/${list}`),
  ]),
  get(
    '/servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo',
    ({ tenant }) => `/servicePrincipals/${tenant.servicePrincipals[0]?.id}/appRoleAssignedTo`,
  ),
  get('/oauth2PermissionGrants', () => '/oauth2PermissionGrants'),
  ...appExamples,
  get('/domains', () => '/domains'),
  get('/organization', () => '/organization'),
  {
    method: 'PATCH',
    template: '/users/{user-id}',
    path: (world) => `/users/${id(world, 'Carla')}`,
    body: () => ({ accountEnabled: false }),
    status: 204,
  },
  {
    method: 'PATCH',
    template: '/users/{user-id}',
    path: (world) => `/users/${id(world, 'Carla')}`,
    body: () => ({ passwordProfile: { password: 'krt7-Wmex-9pud', forceChangePasswordNextSignIn: true } }),
    status: 204,
    as: 'Pia',
  },
  get(rules, rulesOf),
  get(rules, (world) => `/users/${id(world, 'Carla')}/mailFolders/inbox/messageRules`, 404),
  get(`${rules}/{messageRule-id}`, (world) => ruleOf(world, 0)),
  get(`${rules}/{messageRule-id}`, (world) => ruleOf(world, 1)),
  get(`${rules}/{messageRule-id}`, (world) => `${rulesOf(world)}/AQAAAJ5dZp8%3D`, 404),
  {
    method: 'PATCH',
    template: `${rules}/{messageRule-id}`,
    path: (world) => ruleOf(world, 0),
    body: () => ({ isEnabled: false }),
  },
  {
    method: 'PATCH',
    template: `${rules}/{messageRule-id}`,
    path: (world) => ruleOf(world, 1),
    body: () => ({ isEnabled: false }),
    status: 400,
  },
  { method: 'DELETE', template: `${rules}/{messageRule-id}`, path: (world) => ruleOf(world, 2), status: 204 },
  get(
    '/users/{user-id}/authentication/passwordMethods',
    (world) => `/users/${id(world, 'Ada')}/authentication/passwordMethods`,
  ),
  { method: 'POST', template: reset, path: resetOf('Carla'), body: () => ({}), status: 202, as: 'Pia' },
  {
    method: 'POST',
    template: reset,
    path: resetOf('Carla'),
    body: () => ({ newPassword: 'krt7-Wmex-9pud' }),
    status: 202,
    as: 'Pia',
  },
  { method: 'POST', template: reset, path: resetOf('Carla'), body: () => ({}), status: 403 },
  {
    ...get(
      '/users/{user-id}/authentication/operations/{longRunningOperation-id}',
      (world) => `/users/${id(world, 'Ada')}/authentication/operations/${operationId}?aadgdc=DUB02P&aadgsu=ssprprod-a`,
    ),
    as: 'Pia',
  },
  get(relationships, () => `${relationships}?$expand=accessAssignments`),
  get(
    `${relationships}/{delegatedAdminRelationship-id}/accessAssignments`,
    (world) => `${relationships}/${relationshipId(world)}/accessAssignments`,
  ),
  {
    method: 'PATCH',
    template: '/users/{user-id}',
    path: (world) => `/users/${id(world, 'Gloria')}`,
    body: () => ({ accountEnabled: false }),
    status: 403,
  },
  {
    method: 'POST',
    template: '/users/{user-id}/revokeSignInSessions',
    path: (world) => `/users/${id(world, 'Ada')}/revokeSignInSessions`,
  },
  {
    method: 'POST',
    template: '/users/{user-id}/checkMemberObjects',
    path: (world) => `/users/${id(world, 'Hana')}/checkMemberObjects`,
    body: (world) => ({ ids: [groupId(world)] }),
  },
  {
    method: 'POST',
    template: '/directoryObjects/getByIds',
    path: () => '/directoryObjects/getByIds',
    body: (world) => ({ ids: [id(world, 'Ada'), groupId(world), principalId(world)] }),
  },
  {
    method: 'POST',
    template: '/$batch',
    path: () => '/$batch',
    body: (world) => ({
      requests: [
        { id: '1', method: 'GET', url: `/users/${id(world, 'Ada')}` },
        { id: '2', method: 'GET', url: `/users/${unknownId}` },
      ],
    }),
  },
  { method: 'POST', template: '/$batch', path: () => '/$batch', body: () => ({ requests: [] }), status: 400 },
]

describe.skipIf(!isDescriptionThere)("the simulator's answers are of the form that Microsoft describes", () => {
  let world: GraphWorld
  let description: GraphDescription

  beforeAll(async () => {
    description = graphDescription()
    world = await aGraphWorld({
      permissions: [
        ...['Directory.Read.All', 'User.Read.All', 'User.EnableDisableAccount.All', 'User.RevokeSessions.All'],
        ...['MailboxSettings.ReadWrite', 'RoleManagement.Read.Directory', 'Application.Read.All'],
        ...['UserAuthenticationMethod.Read.All', 'DelegatedAdminRelationship.Read.All'],
        ...['Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'DelegatedPermissionGrant.ReadWrite.All'],
        ...['TeamsAppInstallation.ReadWriteForUser.All', 'TeamsAppInstallation.ReadWriteForTeam.All'],
        ...['TeamsAppInstallation.ReadWriteForChat.All', 'AppCatalog.ReadWrite.All'],
      ],
      delegated: [
        ...['User.Read', 'User-PasswordProfile.ReadWrite.All', 'UserAuthenticationMethod.ReadWrite.All'],
        'AppCatalog.ReadWrite.All',
      ],
      people: [
        person('Ada', { synchronised: true }),
        person('Carla', { mailbox: false }),
        person('Gwen', { guestOf: 'gwen@fabrikam.com' }),
        person('Gloria', { roles: ['Global Administrator'] }),
        person('Hana', { rolesByGroup: ['Exchange Administrator'] }),
        person('Pia', { roles: ['Privileged Authentication Administrator'] }),
      ],
    })
    const recipient = { emailAddress: { name: 'Otto', address: 'otto@fabrikam.com' } }
    mailboxOfUser(world.tenant, 'Ada').inboxRules = [
      anInboxRule({
        displayName: 'All',
        conditions: { subjectContains: ['invoice'], fromAddresses: [recipient], hasAttachments: true },
        exceptions: { importance: 'high' },
        actions: { forwardTo: [recipient], moveToFolder: 'Archive', assignCategories: ['Red'], markAsRead: true },
      }),
      anInboxRule({ displayName: 'Read-only', isReadOnly: true }),
      anInboxRule({ displayName: 'Third', actions: { delete: true } }),
    ]
    world.tenant.passwordOperations = [
      {
        id: operationId,
        userId: id(world, 'Ada'),
        outcome: 'failed',
        reason: 'No agent.',
        polls: 9,
        createdDateTime: '2026-05-01T12:00:00Z',
      },
    ]
    addApps(world)
    withPartner(world.microsoft.tenant('Fabrikam'), world.tenant, { technicians: ['Pia'], roles: ['Global Reader'] })
    const [first] = world.tenant.groups
    first?.members.push(principalId(world))
    first?.owners.push(id(world, 'Ada'))
    aGroup(world.tenant, 'Sales', { members: [id(world, 'Ada'), first?.id ?? ''] })
  })
  afterAll(() => world.microsoft.close())

  test.each(examples.map((example) => [example.method, example.template, example.status ?? 200, example] as const))(
    '%s %s: %i',
    async (method, template, status, { path, body, as }) => {
      const caller = as === undefined ? world.app() : world.as(as)
      const answer = await caller.send(method, path(world), body?.(world), eventual)
      expect(answer.status, JSON.stringify(answer.body)).toBe(status)
      const operation = description.operation(method, template)
      expect(operation, 'described operation').not.toBeNull()
      expect(answer.bytes.length === 0 || answer.body !== null, 'a body that is JSON').toBe(true)
      const problems = operation ? description.problemsOfAnswer(operation, answer) : []
      expect(problems, JSON.stringify(answer.body).slice(0, 2_000)).toEqual([])
    },
  )

  test('every described route of the simulator is among these calls', () => {
    const form = (path: string): string => path.replaceAll(/\{[^}]+\}/g, '{}')
    const described = new Map([...description.methods].map(([path, methods]) => [form(path), methods]))
    const called = new Set(examples.map(({ method, template }) => `${method} ${form(template)}`))
    const uncalled = routesOf['v1.0']
      .filter(({ method, pattern }) => described.get(form(pattern))?.includes(method.toLowerCase()))
      .map(({ method, pattern }) => `${method} ${form(pattern)}`)
      .filter((route) => !called.has(route))
    expect(uncalled).toEqual([])
  })
})
