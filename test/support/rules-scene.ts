/** What an operator does about people of `rules-world.ts`, all of it through the API. */
import { expect } from 'vitest'
import { mailboxOfUser, userOf } from '../../simulator/builders.ts'
import type { Mailbox, Tenant, User } from '../../simulator/world.ts'
import { roles } from '../../src/context.ts'
import { type AuditEntryRow, pageOfAuditEntries } from '../../src/db/audit.ts'
import { grantAccess, upsertOperator } from '../../src/db/operators.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { aGateway, type TestGateway } from './gateway.ts'
import { aMicrosoft } from './microsoft.ts'
import { aPageVisitor } from './page-visitor.ts'
import { aDatabase, type TestDatabase } from './postgres.ts'
import { contoso, customers, litware, publicUrl, theWorld } from './rules-world.ts'
import { codeOn } from './sign-in-scene.ts'

export type Person = { tenantId: string; userId: string }
const as = (name: string, tenant: Tenant): Person => ({ tenantId: tenant.id, userId: userOf(tenant, name).id })
/** Holds every role, in every tenant. */
export const olga = as('Olga', contoso)
/** Everything but `Remediations.Privileged`. */
export const otto = as('Otto', contoso)
/** A partner's technician as operator of the product, with every role in every tenant. */
export const tess = as('Tess', litware)
/** The same, and no technician anywhere. */
export const tilda = as('Tilda', litware)

export interface Option {
  kind: string
  title: string
  effect: string
  limits: string | null
  recommended: boolean
  reversible: boolean
  howToUndo: string | null
  warnings: string[]
  viewerCan: boolean
  requirements: { __typename: string; signInUrl?: string; consentUrl?: string; grantableBy?: string[] }[]
}
export interface Reason {
  kind: string
  code: string
  message: string
  remedy: string | null
}
export interface Step extends Reason {
  state: string
  retryable: boolean | null
}
export interface Run {
  __typename: 'RemediationRun'
  id: string
  status: string
  temporaryPassword: string | null
  steps: Step[]
}
export interface Refused {
  __typename: string
  code: string
  message: string
  signInUrl?: string
  consentUrl?: string
  grantableBy?: string[]
  checks?: { name: string; status: string }[]
  reasons?: Reason[]
  issues?: { path: string[]; message: string }[]
}
export interface Target {
  eventId: string
  subjectId: string
}
/** What an event shows about one of its subjects. */
export interface Sight {
  target: Target
  available: Option[]
  greyedOut: Reason[]
  banner: { message: string; supportEmail: string | null } | null
  reasons: string[]
  url: string
}
interface Planned {
  calls: { kind: string; credential: string; method: string }[]
  skipped: Reason[]
  refusals: Refused[]
}

export interface RulesScene {
  database: TestDatabase
  gateway: TestGateway
  /** The person now. */
  person(name: string, tenant?: Tenant): User
  mailbox(name: string, tenant?: Tenant): Mailbox
  /** Imports the record; answers with its event as the operator sees it, about the subject that it names first. */
  record(record: object, who?: Person | string): Promise<Sight>
  /** An event that the person raised. */
  look(name: string, options?: { tenant?: Tenant; who?: Person | string }): Promise<Sight>
  plan(target: Target, actions: readonly string[], who?: Person | string): Promise<Planned>
  block(target: Target, actions: readonly string[], more?: object, who?: Person | string): Promise<Run & Refused>
  reset(target: Target, passwordDelivery: object, who?: Person | string): Promise<Run & Refused>
  /** The administrator signs in by the operator's link to the tenant, and the operator takes it up. Answers with the page shown when it comes to nothing. */
  signIn(administrator: string, options?: { of?: Tenant; tenant?: Tenant; who?: Person }): Promise<string>
  /** Takes the operator's session back. */
  signOut(tenant?: Tenant, who?: Person): Promise<void>
  /** An operator with an address and, unless told otherwise, access to Contoso. Its own id. */
  anOperator(given: { name: string; email: string | null; access?: boolean; objectId?: string }): Promise<string>
  /** Calls so far that changed a tenant. */
  writes(): number
  audit(tenant?: Tenant): Promise<AuditEntryRow[]>
  close(): Promise<void>
}

const sight = `id url reasons
  subjects { __typename ... on Node { id } }
  remediationBanner { message supportEmail }
  availableRemediations { kind title effect limits recommended reversible howToUndo warnings viewerCan
    subject { ... on Node { id } }
    requirements { __typename ... on PrivilegedSignInRequirement { signInUrl acceptedRoles }
      ... on AdminConsentRequirement { consentUrl grantableBy missingPermissions } } }
  greyedOutReasons { kind code message remedy subject { ... on Node { id } } }`
const eventOfRecord = `query ($filter: SecurityEventFilter) { securityEvents(filter: $filter, first: 1) { edges { node { ${sight} } } } }`
const refusal = `__typename ... on Refusal { code message }
  ... on PrivilegedSignInRequiredError { signInUrl acceptedRoles }
  ... on AdminConsentRequiredError { consentUrl grantableBy missingPermissions }
  ... on TenantUnhealthyError { checks { name status } }
  ... on RemediationUnavailableError { reasons { kind code message remedy } }
  ... on InvalidInputError { issues { path message } }`
const result = `${refusal} ... on RemediationRun { id status temporaryPassword
  steps { kind state code message remedy retryable } }`
const planned = `query ($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename
  ... on RemediationPlan { calls { kind credential method } skipped { kind code message remedy } refusals { ${refusal} } } } }`
const confirmed = `mutation ($input: ConfirmPrivilegedSignInInput!) { confirmPrivilegedSignIn(input: $input) { __typename } }`
const ended = `mutation ($input: EndPrivilegedSessionInput!) { endPrivilegedSession(input: $input) { __typename } }`

/** Raised by the person; another index is another event. */
export const recordBy = (tenant: Tenant, name: string, index = 0) => {
  const { id, userPrincipalName } = userOf(tenant, name)
  return {
    ...aRecord(tenant, `${String(index).padStart(8, '0')}${id.slice(8)}`),
    UserKey: id,
    UserId: userPrincipalName,
    Actor: [
      { ID: `User_${id}`, Type: 2 },
      { ID: userPrincipalName, Type: 5 },
    ],
  }
}

/** Without an actor. */
export const aRecord = (tenant: Tenant, Id: string = crypto.randomUUID()) => ({
  Id,
  CreationTime: '2026-03-14T15:09:26',
  Operation: 'FileDownloaded',
  OrganizationId: tenant.id,
  RecordType: 6,
  UserType: 0,
  Workload: 'SharePoint',
  ResultStatus: 'Succeeded',
  SourceFileName: 'Prices.xlsx',
})

export async function aRulesScene(): Promise<RulesScene> {
  const database = await aDatabase()
  const microsoft = await aMicrosoft(theWorld())
  const gateway = await aGateway({ microsoft, database, publicUrl })
  for (const tenant of customers) await gateway.connectTenant(tenant)
  await grantEverything(gateway)

  const ask = async (document: string, variables: object, who: Person | string) => {
    const { data, errors } = await gateway.graphql(document, { ...variables }, { as: who })
    expect(errors).toEqual([])
    return data
  }
  const inSimulator = (tenant: Tenant) => microsoft.tenant(tenant.id)

  const scene: RulesScene = {
    database,
    gateway,
    person: (name, tenant = contoso) => userOf(inSimulator(tenant), name),
    mailbox: (name, tenant = contoso) => mailboxOfUser(inSimulator(tenant), name),
    async record(record, who = olga) {
      await gateway.importRecords([record])
      const sourceRecordId = 'Id' in record ? record.Id : null
      const data = await ask(eventOfRecord, { filter: { sourceRecordId } }, who)
      const event = data.securityEvents.edges[0]?.node
      if (!event) throw new Error(`The record makes no event: ${JSON.stringify(record)}`)
      const subjectId: string = event.subjects[0].id
      const isAbout = ({ subject }: { subject: { id: string } }) => subject.id === subjectId
      return {
        target: { eventId: event.id, subjectId },
        available: event.availableRemediations.filter(isAbout),
        greyedOut: event.greyedOutReasons.filter(isAbout),
        banner: event.remediationBanner,
        reasons: event.reasons,
        url: event.url,
      }
    },
    look: (name, { tenant = contoso, who = olga } = {}) => scene.record(recordBy(tenant, name), who),
    async plan(target, actions, who = olga) {
      return (await ask(planned, { input: { ...target, actions } }, who)).planRemediation
    },
    async block(target, actions, more = {}, who = olga) {
      const input = { ...target, actions, idempotencyKey: crypto.randomUUID(), ...more }
      const document = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { ${result} } }`
      return (await ask(document, { input }, who)).blockUser
    },
    async reset(target, passwordDelivery, who = olga) {
      const input = { ...target, passwordDelivery, idempotencyKey: crypto.randomUUID() }
      const document = `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { ${result} } }`
      return (await ask(document, { input }, who)).resetPassword
    },
    async signIn(administrator, { tenant = contoso, of = tenant, who = olga } = {}) {
      await scene.signOut(tenant, who)
      const link = await linkFor(scene, tenant, who)
      const browser = aPageVisitor(gateway, publicUrl)
      const { location } = await browser.press(link)
      const shown = await browser.get(await microsoft.signIn(location ?? '', userOf(of, administrator).id))
      if (shown.status !== 200) return shown.text
      const input = { tenantId: tenantGlobalId(tenant.id), code: codeOn(shown) }
      return (await ask(confirmed, { input }, who)).confirmPrivilegedSignIn.__typename
    },
    async signOut(tenant = contoso, who = olga) {
      await ask(ended, { input: { tenantId: tenantGlobalId(tenant.id) } }, who)
    },
    async anOperator({ name, email, access = true, objectId = crypto.randomUUID() }) {
      return gateway.db.plain(async (tx) => {
        const identity = { kind: 'PERSON', tenantId: contoso.id, externalId: objectId, displayName: name } as const
        const { id: operatorId } = await upsertOperator(tx, { ...identity, email })
        const grant = { operatorId, tenantId: contoso.id, roles: ['Events.Read'], grantedBy: 'test' }
        if (access) await grantAccess(tx, grant)
        return operatorId
      })
    },
    writes: () => microsoft.journal().filter(({ mutates }) => mutates).length,
    audit: async (tenant = contoso) => {
      const page = await gateway.db.withTenants([tenant.id], (tx) => pageOfAuditEntries(tx, tenant.id, { first: 100 }))
      return page.entries.toReversed()
    },
    async close() {
      await gateway.close()
      await microsoft.close()
      await database.drop()
    },
  }
  return scene
}

/** The link is one for the operator and tenant, whoever is the target: a password reset always shows it. */
async function linkFor(scene: RulesScene, tenant: Tenant, who: Person): Promise<string> {
  const someone = tenant === contoso ? 'Ordo' : 'Mina'
  const { available } = await scene.look(someone, { tenant, who })
  const link = available.flatMap(({ requirements }) => requirements).find(({ signInUrl }) => signInUrl)?.signInUrl
  if (!link) throw new Error(`No sign-in is asked for: ${JSON.stringify(available)}`)
  return link
}

async function grantEverything({ db }: TestGateway): Promise<void> {
  await db.plain(async (tx) => {
    for (const { tenantId, userId } of [olga, tess, tilda]) {
      const identity = { kind: 'PERSON', tenantId, externalId: userId, displayName: 'Operator' } as const
      const { id: operatorId } = await upsertOperator(tx, identity)
      for (const { id } of customers) {
        // In Contoso, Olga's app roles count.
        if (id !== tenantId) await grantAccess(tx, { operatorId, tenantId: id, roles, grantedBy: 'test' })
      }
    }
  })
}

/** The option of that kind, or the code of the reason why it is greyed out. */
export const offer = ({ available, greyedOut }: Sight, kind: string): Option | string | undefined =>
  available.find((one) => one.kind === kind) ?? greyedOut.find((one) => one.kind === kind)?.code

/** The option of that kind. Fails when it is greyed out. */
export function optionOf(seen: Sight, kind: string): Option {
  const found = offer(seen, kind)
  if (found === undefined || typeof found === 'string') throw new Error(`${kind} is not available: ${found}`)
  return found
}

/** Names of the requirements of that option. */
export const requirementsOf = (seen: Sight, kind: string): string[] =>
  optionOf(seen, kind).requirements.map(({ __typename }) => __typename)
