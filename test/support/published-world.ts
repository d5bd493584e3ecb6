/** Tenants as published records tell of them: their people, apps with what they were granted, rules, forwarding and mailbox access. */
import { addPerson, anApplication, aTenant, aWorld, mailboxOfUser, person } from '../../simulator/builders.ts'
import { opaqueId } from '../../simulator/ids.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { withMailboxPermission } from '../../simulator/mailbox-access.ts'
import { microsoftServicesTenantId } from '../../simulator/microsoft-resources.ts'
import { aServicePrincipal } from '../../simulator/service-principal.ts'
import type { ServicePrincipal, Tenant, World } from '../../simulator/world.ts'
import type { PublishedRecord } from './published-records.ts'
import {
  newValue,
  type PublishedTarget,
  parameter,
  publishedTarget,
  resourceOf,
  targeted,
} from './published-targets.ts'

interface App {
  appId?: string
  servicePrincipalId?: string
  applicationId?: string
  displayName?: string
}

/** Of every tenant from which something is to be removed. */
export function publishedWorld(records: readonly PublishedRecord[]): World {
  const world = aWorld()
  for (const [tenantId, own] of Map.groupBy(records, ({ OrganizationId }) => OrganizationId)) {
    if (tenantId && own.some(publishedTarget)) addTenant(world, tenantId, own)
  }
  return world
}

function addTenant(world: World, id: string, records: readonly PublishedRecord[]): void {
  const domain = records.find(({ OrganizationName }) => OrganizationName)?.OrganizationName ?? ''
  const tenant = aTenant({ id, name: domain.split('.')[0] ?? '' })
  world.tenants.push(tenant)
  const asked = records.flatMap((record) => {
    const target = publishedTarget(record)
    return target ? [{ record, target }] : []
  })
  addPeople(
    tenant,
    domain,
    records,
    asked.flatMap(({ target: { attributes } }) => [attributes.mailbox, attributes.grantee]),
  )
  const grants = asked.filter(({ target }) => target.sign === 'permission grant').map(({ record }) => record)
  for (const record of grants) addResource(tenant, record)
  for (const app of appsOf(asked)) addApp(world, tenant, app)
  for (const record of grants) addGrant(tenant, record)
  for (const { record, target } of asked) addToMailbox(tenant, record, target)
}

/** Everybody who acted, and whose mailbox is named. */
function addPeople(
  tenant: Tenant,
  domain: string,
  records: readonly PublishedRecord[],
  mailboxes: readonly (string | undefined)[],
): void {
  const aliases = new Map<string, string>()
  const note = (alias: string) => aliases.set(alias.toLowerCase(), aliases.get(alias.toLowerCase()) ?? alias)
  for (const mailbox of mailboxes) if (mailbox) note(mailbox)
  const objectIds = new Map<string, string>()
  for (const { UserId = '', Actor = [] } of records) {
    const [alias = '', home] = UserId.split('@')
    if (home?.toLowerCase() !== domain) continue
    note(alias)
    const objectId = Array.isArray(Actor) && Actor.find(({ ID }) => ID.startsWith('User_'))?.ID.slice('User_'.length)
    if (objectId) objectIds.set(alias.toLowerCase(), objectId)
  }
  for (const [key, alias] of aliases) {
    const id = objectIds.get(key)
    addPerson(tenant, person(alias, { alias, domain, ...(id && { id }) }))
  }
}

/** Records call one app by different ids: most tell the appId and another; some the registration alone, which has the app's name. */
function appsOf(asked: readonly { record: PublishedRecord; target: PublishedTarget }[]): App[] {
  const apps: App[] = []
  const ofApps = asked.filter(({ target }) => target.kind === 'REMOVE_APP')
  const hasAppId = ({ target }: (typeof asked)[number]) => 'appId' in target.attributes
  for (const { record, target } of ofApps.toSorted((a, b) => Number(hasAppId(b)) - Number(hasAppId(a)))) {
    const told: App = { ...target.attributes }
    const displayName = told.displayName ?? appNameIn(record)
    if (displayName) told.displayName = displayName
    const known = apps.find((app) => isOne(app, told))
    if (known) Object.assign(known, told)
    else apps.push(told)
  }
  return apps
}

const appNameIn = (record: PublishedRecord): string | undefined =>
  newValue(record, 'ServicePrincipal.DisplayName') ??
  newValue(record, 'Application.DisplayName') ??
  (targeted(record, 'Application_') ? record.Target?.find(({ Type }) => Type === 1)?.ID : undefined)

function isOne(app: App, told: App): boolean {
  const ids = (['appId', 'servicePrincipalId', 'applicationId'] as const).filter((name) => app[name] && told[name])
  return ids.length > 0 ? ids.every((name) => app[name] === told[name]) : app.displayName === told.displayName
}

function addApp(
  world: World,
  tenant: Tenant,
  { appId, servicePrincipalId, applicationId, displayName = '' }: App,
): void {
  if (!appId) throw new Error(`The records do not tell the appId of ${displayName}`)
  const homeTenantId = applicationId ? tenant.id : undefined
  const application = anApplication({ displayName, appId, ...(homeTenantId && { homeTenantId, multiTenant: false }) })
  if (applicationId) world.applications.push({ ...application, id: applicationId })
  if (!servicePrincipalId) return
  const appOwnerOrganizationId = application.homeTenantId
  tenant.servicePrincipals.push(
    aServicePrincipal({ id: servicePrincipalId, appId, displayName, appOwnerOrganizationId }),
  )
}

/** Microsoft's API that the grant is for, with the object id that it has in this tenant. */
function addResource(tenant: Tenant, record: PublishedRecord): ServicePrincipal {
  const id = targeted(record, 'ServicePrincipal_') ?? ''
  const displayName = record.Target?.find(({ Type }) => Type === 1)?.ID ?? ''
  const appId = resourceOf(record).find((one) => one !== id && one !== displayName) ?? ''
  const present = tenant.servicePrincipals.find((one) => one.appId === appId)
  if (present) return Object.assign(present, { id })
  const resource = aServicePrincipal({ id, appId, displayName, appOwnerOrganizationId: microsoftServicesTenantId })
  tenant.servicePrincipals.push(resource)
  return resource
}

function addGrant(tenant: Tenant, record: PublishedRecord): void {
  const resource = addResource(tenant, record)
  const clientId = newValue(record, 'ServicePrincipal.ObjectID') ?? ''
  if (record.Operation === 'Add app role assignment to service principal.') {
    // Older records do not tell which role it was.
    const appRoleId = newValue(record, 'AppRole.Id') ?? resource.appRoles[0]?.id ?? ''
    const id = opaqueId(clientId, resource.id, appRoleId)
    if (tenant.appRoleAssignments.some((one) => one.id === id)) return
    const at = '2021-01-01T00:00:00Z'
    tenant.appRoleAssignments.push({
      ...{ id, appRoleId, principalId: clientId, principalType: 'ServicePrincipal' },
      ...{ resourceId: resource.id, createdDateTime: at },
    })
    return
  }
  const isForOne = newValue(record, 'DelegatedPermissionGrant.ConsentType') === 'Principal'
  const principalId = isForOne ? (record.Actor?.find(({ ID }) => ID.startsWith('User_'))?.ID.slice(5) ?? null) : null
  const id = opaqueId(clientId, resource.id, principalId ?? '')
  if (tenant.oauth2PermissionGrants.some((one) => one.id === id)) return
  tenant.oauth2PermissionGrants.push({
    ...{ id, clientId, principalId, resourceId: resource.id },
    consentType: isForOne ? 'Principal' : 'AllPrincipals',
    scope: newValue(record, 'DelegatedPermissionGrant.Scope') ?? 'User.Read',
  })
}

/** Beside what the record tells stands something alike that no record names. */
function addToMailbox(tenant: Tenant, record: PublishedRecord, { sign, attributes }: PublishedTarget): void {
  const { mailbox: alias = '', grantee = '', name = '', forwardingSmtpAddress = '' } = attributes
  if (sign === 'inbox rule') {
    const from = parameter(record, 'From')
    const words = parameter(record, 'BodyContainsWords')
    const conditions = {
      ...(from && { fromAddresses: [{ emailAddress: { name: from, address: from } }] }),
      ...(words && { bodyContains: words.split(';') }),
    }
    const actions = { delete: true, stopProcessingRules: parameter(record, 'StopProcessingRules') === 'True' }
    mailboxOfUser(tenant, alias).inboxRules.push(
      anInboxRule({ displayName: 'Newsletters', actions: { moveToFolder: 'News' } }, alias, 'other name'),
      anInboxRule(
        { displayName: name, conditions: { bodyContains: ['news'] }, actions: { delete: true } },
        alias,
        'other',
      ),
      anInboxRule({ displayName: name, conditions, actions }, alias, 'recorded'),
    )
  }
  if (sign === 'mailbox forwarding') {
    Object.assign(mailboxOfUser(tenant, alias), { forwardingSmtpAddress: `smtp:${forwardingSmtpAddress}` })
  }
  if (sign === 'mailbox access') {
    withMailboxPermission(tenant, alias, grantee)
    withMailboxPermission(tenant, alias, 'Discovery Management')
    withMailboxPermission(tenant, grantee, alias)
  }
}
