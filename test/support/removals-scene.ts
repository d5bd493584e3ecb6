/** The sample's tenants behind the gateway, and what an operator removes there, all of it through the API. */
import { expect } from 'vitest'
import { sampleAuditRecords } from '../../simulator/sample/audit-records.ts'
import { describeSample, sampleWorld } from '../../simulator/sample/world.ts'
import type { Tenant } from '../../simulator/world.ts'
import { type Role, roles } from '../../src/context.ts'
import { type As, aGateway, type TestGateway } from './gateway.ts'
import { aMicrosoft } from './microsoft.ts'
import { aDatabase } from './postgres.ts'

export const tenantName = 'Northwind Traders'
export const otherTenantName = 'Fabrikam'
const { personas } = describeSample()
/** May remove apps and rules, in the tenant alone. */
export const analyst: As = { tenantId: personas.analyst.tenantId, userId: personas.analyst.userId }

export type Mutation =
  | 'removeApp'
  | 'removeInboxRule'
  | 'removeMailboxForwarding'
  | 'removeTransportRule'
  | 'removeMailboxAccess'

export interface Subject {
  __typename: string
  id: string
  displayName?: string
  userPrincipalName?: string
  name?: string
  mailbox?: string
  grantee?: string
}
export interface Target {
  eventId: string
  subjectId: string
}
/** What an event shows about one of its subjects. */
export interface Sight {
  target: Target
  subjects: Subject[]
  available: Record<string, unknown>[]
  greyedOut: { kind: string; code: string; message: string }[]
}
/** A run or a refusal. */
export interface Outcome {
  __typename: string
  id?: string
  status?: string
  steps?: { kind: string; state: string; code: string | null; message: string; remedy: string; evidence: unknown }[]
  code?: string
  message?: string
  reasons?: { kind: string; code: string }[]
  issues?: { path: string[] }[]
}
/** What the simulator tells of a tenant under `/control/state`. */
export type TenantState = Record<
  'servicePrincipals' | 'applications' | 'deletedItems',
  { id: string; displayName: string; '@odata.type'?: string }[]
> &
  Pick<Tenant, 'teamsInstallations' | 'transportRules' | 'mailboxPermissions'> & {
    users: { displayName: string; forwarding: object | null; inboxRules: { displayName: string }[] }[]
  }

export interface RemovalsScene {
  gateway: TestGateway
  /** An operator with these roles in the tenant alone. */
  anOperator(held: readonly Role[], name?: string): Promise<As>
  /** The newest event of the type with a subject like this one. */
  look(type: string, about: Partial<Subject>, as?: As): Promise<Sight>
  plan(target: Target, kind: string): Promise<Record<string, unknown>>
  remove(mutation: Mutation, target: Target, options?: { as?: As; key?: string }): Promise<Outcome>
  state(): Promise<TenantState>
  /** Calls so far that changed a tenant. */
  writes(): number
  close(): Promise<void>
}

const events = `query ($types: [SecurityEventType!]) { securityEvents(filter: { types: $types }, first: 100) { edges { node { id
  subjects { __typename ... on Node { id } ... on UserSubject { userPrincipalName } ... on ApplicationSubject { displayName }
    ... on TeamsAppSubject { displayName } ... on InboxRuleSubject { name mailbox } ... on TransportRuleSubject { name }
    ... on MailboxSubject { mailbox } ... on MailboxAccessSubject { mailbox grantee } }
  availableRemediations { kind title effect limits impact reversible howToUndo warnings permissions remarks viewerCan
    subject { ... on Node { id } } applicationAccess { type permission } }
  greyedOutReasons { kind code message subject { ... on Node { id } } } } } } }`
const planned = `query ($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename ... on RemediationPlan {
  calls { kind service method path credential permissions } skipped { code } refusals { ... on Refusal { code } } } } }`
const result = `__typename ... on RemediationRun { id status steps { kind state code message remedy evidence } }
  ... on Refusal { code message } ... on RemediationUnavailableError { reasons { kind code } }
  ... on InvalidInputError { issues { path } }`

export async function aRemovalsScene(): Promise<RemovalsScene> {
  const [database, microsoft] = await Promise.all([aDatabase(), aMicrosoft(sampleWorld())])
  const gateway = await aGateway({ microsoft, database })
  for (const name of [tenantName, otherTenantName]) await gateway.connectTenant(microsoft.tenant(name))
  await gateway.importRecords(sampleAuditRecords(new Date()))

  const ask = async (document: string, variables: Record<string, unknown>, as: As) => {
    const { data, errors } = await gateway.graphql(document, variables, { as })
    expect(errors).toEqual([])
    return data
  }
  return {
    gateway,
    anOperator: (held, name = tenantName) => gateway.anApiKey([{ tenantId: microsoft.tenant(name).id, roles: held }]),
    async look(type, about, as = analyst) {
      const { securityEvents } = await ask(events, { types: [type] }, as)
      for (const { node } of securityEvents.edges) {
        const subject = node.subjects.find((one: Subject) =>
          Object.entries(about).every(([name, value]) => one[name as keyof Subject] === value),
        )
        if (!subject) continue
        const isAbout = (one: { subject: { id: string } }) => one.subject.id === subject.id
        return {
          target: { eventId: node.id, subjectId: subject.id },
          subjects: node.subjects,
          available: node.availableRemediations.filter(isAbout),
          greyedOut: node.greyedOutReasons.filter(isAbout),
        }
      }
      throw new Error(`No ${type} is about ${JSON.stringify(about)}`)
    },
    async plan(target, kind) {
      return (await ask(planned, { input: { ...target, actions: [kind] } }, analyst)).planRemediation
    },
    async remove(mutation, target, { as = analyst, key = crypto.randomUUID() } = {}) {
      const type = `${mutation.replace(/^r/, 'R')}Input`
      const document = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${result} } }`
      return (await ask(document, { input: { ...target, idempotencyKey: key } }, as))[mutation]
    },
    async state() {
      const { tenants } = (await (await fetch(`${microsoft.url}/control/state`)).json()) as {
        tenants: (TenantState & { displayName: string })[]
      }
      const found = tenants.find(({ displayName }) => displayName === tenantName)
      if (!found) throw new Error('No such tenant')
      return found
    },
    writes: () => microsoft.journal().filter(({ mutates }) => mutates).length,
    async close() {
      await gateway.close()
      await microsoft.close()
      await database.drop()
    },
  }
}

/** Every role but the one that removals need. */
export const withoutRemovals: readonly Role[] = roles.filter((role) => role !== 'Remediations.AppsAndRules')
