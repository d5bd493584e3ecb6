/** Real records in a gateway whose tenants are as the records tell: what is offered is the very object, and only that goes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anApplication, withApp } from '../../simulator/builders.ts'
import type { World } from '../../simulator/world.ts'
import { roles } from '../../src/context.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { aMicrosoft } from '../support/microsoft.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import {
  isPublishedThere,
  type PublishedRecord,
  publishedRecords,
  warnIfNotPublished,
} from '../support/published-records.ts'
import { type PublishedTarget, parameter, publishedTarget, targeted } from '../support/published-targets.ts'
import { publishedWorld } from '../support/published-world.ts'
import { everyPermission } from '../support/remediations.ts'

warnIfNotPublished()

const eventOfRecord = `query ($filter: SecurityEventFilter) { securityEvents(filter: $filter, first: 2) { edges { node { id
  availableRemediations { kind applicationAccess { permission } subject { ... on Node { id }
    ... on ApplicationSubject { appId servicePrincipalId applicationId displayName } ... on InboxRuleSubject { mailbox name }
    ... on MailboxSubject { mailbox forwardingSmtpAddress } ... on MailboxAccessSubject { mailbox grantee } } }
  greyedOutReasons { kind code } } } } }`
const removal = (name: string) => `mutation ($input: R${name.slice(1)}Input!) { ${name}(input: $input) { __typename
  ... on Refusal { code message } ... on RemediationRun { status steps { kind state code message evidence } } } }`
const mutations: Partial<Record<PublishedTarget['kind'], string>> = {
  REMOVE_APP: 'removeApp',
  REMOVE_INBOX_RULE: 'removeInboxRule',
  REMOVE_MAILBOX_FORWARDING: 'removeMailboxForwarding',
  REMOVE_MAILBOX_ACCESS: 'removeMailboxAccess',
}

interface Option {
  kind: PublishedTarget['kind']
  subject: Record<string, string | null>
  applicationAccess: object[]
}
interface Sight {
  id: string
  availableRemediations: Option[]
  greyedOutReasons: Pick<Option, 'kind'>[]
}
interface Asked {
  record: PublishedRecord
  target: PublishedTarget
}

const isRemoval = ({ kind }: Pick<Option, 'kind'>): boolean => kind in mutations

/** Service principal and registration of the app that the record names by any of its ids. */
function appIn(world: World, { record, target: { attributes } }: Asked) {
  const { appId, servicePrincipalId, applicationId } = attributes
  const principals = world.tenants.find(({ id }) => id === record.OrganizationId)?.servicePrincipals ?? []
  const named = principals.find((one) => one.id === servicePrincipalId) ?? { appId }
  const registration = world.applications.find((one) => one.id === applicationId || one.appId === named.appId)
  const principal = principals.find((one) => one.appId === (named.appId ?? registration?.appId))
  return { principal, registration }
}

const grantsOf = (world: World, principalId: string | undefined) => {
  const tenants = world.tenants.filter(({ servicePrincipals }) =>
    servicePrincipals.some(({ id }) => id === principalId),
  )
  return {
    delegated: tenants.flatMap((one) => one.oauth2PermissionGrants.filter(({ clientId }) => clientId === principalId)),
    application: tenants.flatMap((one) => one.appRoleAssignments.filter((held) => held.principalId === principalId)),
  }
}

/** All that a removal can take away, a line each. */
const stateOf = ({ tenants, applications }: World): string[] => [
  ...applications.map(({ id }) => `registration ${id}`),
  ...tenants.flatMap((tenant) => [
    ...tenant.servicePrincipals.map(({ id }) => `service principal ${id}`),
    ...tenant.oauth2PermissionGrants.map(({ id }) => `grant ${id}`),
    ...tenant.appRoleAssignments.map(({ id }) => `app role ${id}`),
    ...tenant.users.map(({ id, accountEnabled }) => `user ${id} ${accountEnabled}`),
    ...tenant.mailboxPermissions.map(
      ({ Identity, User, AccessRights }) => `access ${Identity} ${User} ${AccessRights}`,
    ),
    ...tenant.mailboxes.flatMap(({ alias, forwardingSmtpAddress, inboxRules }) => [
      ...(forwardingSmtpAddress ? [`forwarding ${alias} ${forwardingSmtpAddress}`] : []),
      ...inboxRules.map(({ displayName, conditions }) => `rule ${alias}\\${displayName} ${JSON.stringify(conditions)}`),
    ]),
  ]),
]

/** What must be gone afterwards, told from the record and the world alone. */
function toGo(world: World, one: Asked): string[] {
  const { record, target } = one
  if (target.kind === 'REMOVE_APP') {
    const { principal, registration } = appIn(world, one)
    const { delegated, application } = grantsOf(world, principal?.id)
    return [
      ...(principal ? [`service principal ${principal.id}`] : []),
      ...(registration ? [`registration ${registration.id}`] : []),
      ...delegated.map(({ id }) => `grant ${id}`),
      ...application.map(({ id }) => `app role ${id}`),
    ]
  }
  const { mailbox = '', name, forwardingSmtpAddress, grantee } = target.attributes
  const telling = parameter(record, 'From') ?? parameter(record, 'BodyContainsWords') ?? ''
  return stateOf(world).filter((line) => {
    if (name !== undefined) return line.startsWith(`rule ${mailbox}\\${name} `) && line.includes(telling)
    if (grantee !== undefined) return line.startsWith(`access ${mailbox} ${grantee}@`)
    return line === `forwarding ${mailbox} smtp:${forwardingSmtpAddress}`
  })
}

describe.skipIf(!isPublishedThere)('on the tenants of the published records', () => {
  const records = publishedRecords()
  const original = publishedWorld(records)
  const asked: Asked[] = records.flatMap((record) => {
    const target = publishedTarget(record)
    return target ? [{ record, target }] : []
  })
  let database: TestDatabase
  let gateway: TestGateway
  let key: string
  /** Before anything was removed. */
  let sights: { one: Asked; sight: Sight }[]

  beforeAll(async () => {
    const application = anApplication({ displayName: 'Tourniquet', appRoles: roles, permissions: everyPermission })
    const world = structuredClone(original)
    world.applications.unshift(application)
    for (const tenant of world.tenants) withApp(tenant, application, { roles: ['Exchange Administrator'] })
    database = await aDatabase()
    gateway = await aGateway({ microsoft: await aMicrosoft(world), database })
    for (const tenant of world.tenants) await gateway.connectTenant(tenant)
    await gateway.importRecords(records)
    key = await gateway.anApiKey(world.tenants.map(({ id }) => ({ tenantId: id, roles })))
    sights = []
    for (const one of asked) sights.push({ one, sight: await sightOf(one.record) })
  })
  afterAll(async () => {
    await gateway?.close()
    await gateway?.microsoft.close()
    await database?.drop()
  })

  async function sightOf({ Id }: PublishedRecord): Promise<Sight> {
    const { data, errors } = await gateway.graphql(eventOfRecord, { filter: { sourceRecordId: Id } }, { as: key })
    expect(errors).toEqual([])
    const [{ node }, ...more] = data.securityEvents.edges
    expect(more).toEqual([])
    return node
  }

  test('the removal of what each record names is available, with what the app may do now, and no other removal', () => {
    expect(sights).toHaveLength(71)
    for (const { one, sight } of sights) {
      const said = `${one.record.Operation} ${one.record.Id}`
      const [option, ...others] = sight.availableRemediations.filter(isRemoval)
      expect(option, said).toMatchObject({ kind: one.target.kind, subject: one.target.attributes })
      expect([...others, ...sight.greyedOutReasons.filter(isRemoval)], said).toEqual([])
      const { delegated, application } = grantsOf(original, appIn(original, one).principal?.id)
      const scopes = delegated.flatMap(({ scope }) => scope.split(' ').filter((name) => name !== ''))
      expect(option?.applicationAccess, said).toHaveLength(scopes.length + application.length)
    }
  })

  /** A record for each way of naming something; no two of them name the same app. */
  const chosen = choose(original, asked, [
    [
      'an app of which the record tells nothing but the registration',
      ({ target }) => Object.keys(target.attributes).join() === 'applicationId',
    ],
    ['the app of a consent', ({ target }) => target.sign === 'consent'],
    [
      'the client of an app role, not the API that the role is of',
      ({ record }) => record.Operation === 'Add app role assignment to service principal.',
    ],
    [
      'the client of a delegated permission, named by its object id',
      ({ target }) => target.sign === 'permission grant' && !target.attributes.appId,
    ],
    ['an app that got an owner', ({ target }) => target.sign === 'owner'],
    ['the inbox rule `.`', ({ target }) => target.sign === 'inbox rule' && target.attributes.name === '.'],
    [
      'the inbox rule with the blank name',
      ({ target }) => target.sign === 'inbox rule' && target.attributes.name === '',
    ],
    ['the forwarding of the mailbox', ({ target }) => target.sign === 'mailbox forwarding'],
    ['the full access that a directory path names', ({ target }) => target.sign === 'mailbox access'],
  ])

  test.each(chosen)('%s goes, and nothing else', async (_, one) => {
    const { world } = gateway.microsoft
    const before = stateOf(world)
    const gone = toGo(world, one)
    expect(gone).not.toEqual([])
    const { id, availableRemediations } = await sightOf(one.record)
    const option = availableRemediations.find(({ kind }) => kind === one.target.kind)
    const name = mutations[one.target.kind] ?? ''
    const input = { eventId: id, subjectId: option?.subject['id'], idempotencyKey: crypto.randomUUID() }
    const { data } = await gateway.graphql(removal(name), { input }, { as: key })
    expect(data[name]).toMatchObject({ status: 'SUCCEEDED', steps: [{ kind: one.target.kind, state: 'CONFIRMED' }] })
    const after = stateOf(world)
    expect(before.filter((line) => !after.includes(line)).toSorted()).toEqual(gone.toSorted())
    expect(after.filter((line) => !before.includes(line))).toEqual([])
    const api = one.target.sign === 'permission grant' && targeted(one.record, 'ServicePrincipal_')
    if (api) expect(after).toContain(`service principal ${api}`)
    if (one.target.kind === 'REMOVE_APP') {
      const [{ evidence }] = data[name].steps
      expect(evidence.oauth2PermissionGrants).toHaveLength(gone.filter((line) => line.startsWith('grant')).length)
      expect(evidence.appRoleAssignments).toHaveLength(gone.filter((line) => line.startsWith('app role')).length)
    }
  })
})

function choose(
  world: World,
  asked: readonly Asked[],
  ways: readonly [string, (one: Asked) => boolean][],
): [string, Asked][] {
  const apps = new Set<string>()
  return ways.flatMap(([title, fits]): [string, Asked][] => {
    const one = asked.find((candidate) => fits(candidate) && !apps.has(toGo(world, candidate)[0] ?? ''))
    if (!one && asked.length > 0) throw new Error(`No record names ${title}`)
    if (!one) return []
    apps.add(toGo(world, one)[0] ?? '')
    return [[title, one]]
  })
}
