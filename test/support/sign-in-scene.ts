/** Contoso with administrators of each sort, its partner Litware, and pages that are really opened. */
import { expect } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import { withPartner } from '../../simulator/partners.ts'
import { roles } from '../../src/context.ts'
import { type AuditEntryRow, pageOfAuditEntries } from '../../src/db/audit.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { aGateway, type TestGateway } from './gateway.ts'
import { aMicrosoft } from './microsoft.ts'
import { ownerSql } from './owner-sql.ts'
import { aPageVisitor, type PageVisitor, type Shown } from './page-visitor.ts'
import { aDatabase, type TestDatabase } from './postgres.ts'
import { everyPermission } from './remediations.ts'

export const publicUrl = 'https://tourniquet.example.com'
const delegated = [
  'User.EnableDisableAccount.All',
  'User.Read.All',
  'Directory.AccessAsUser.All',
  'UserAuthenticationMethod.ReadWrite.All',
]
export const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: roles,
  permissions: [...everyPermission, 'DelegatedAdminRelationship.Read.All'],
  delegated,
  // Of a loopback address Entra ignores the port.
  redirectUris: [publicUrl, 'http://127.0.0.1'].flatMap((url) => [
    `${url}/sign-in/callback`,
    `${url}/consent/callback`,
  ]),
})
export const contoso = aTenant({
  name: 'Contoso',
  people: [
    person('Olga'),
    person('Otto'),
    person('Rea'),
    person('Gloria', { roles: ['Global Administrator'] }),
    person('Pia', { rolesByGroup: ['Privileged Authentication Administrator'] }),
    person('Gustav', { guestOf: 'gustav@wingtiptoys.com', roles: ['Privileged Authentication Administrator'] }),
    person('Uma', { roles: ['User Administrator'] }),
  ],
})
export const fabrikam = aTenant({ name: 'Fabrikam', people: [person('Frida', { roles: ['Global Administrator'] })] })
export const litware = aTenant({ name: 'Litware', people: [person('Tess'), person('Timo')] })
/** A partner that never consented to our application in its own tenant. */
export const proseware = aTenant({ name: 'Proseware', people: [person('Paul')] })
/** Our application may act, but nobody has consented to privileged sign-ins yet. */
export const northwind = aTenant({
  name: 'Northwind',
  people: [
    person('Nora', { roles: ['Global Administrator'] }),
    person('Piet', { roles: ['Privileged Authentication Administrator'] }),
    person('Nils', { roles: ['User Administrator'] }),
    person('Olaf'),
  ],
})
const people = {
  Olga: ['Events.Read', 'Remediations.User', 'Remediations.Privileged', 'Audit.Read', 'Administer'],
  Otto: ['Events.Read', 'Remediations.User', 'Remediations.Privileged'],
  Rea: ['Events.Read'],
}
/** Unknown to us, and without our application. */
export const wingtip = aTenant({
  name: 'Wingtip Toys',
  people: [person('Wanda', { roles: ['Global Administrator'] }), person('Will')],
})
withApp(contoso, application, { delegated, people })
withApp(fabrikam, application, { delegated })
withApp(litware, application)
withApp(northwind, application, { people: { Olaf: people.Olga } })
withPartner(contoso, proseware, { technicians: ['Paul'], roles: ['Global Administrator'] })
withPartner(contoso, litware, {
  technicians: ['Tess'],
  roles: ['Privileged Authentication Administrator'],
  group: 'Seniors',
})
withPartner(contoso, litware, { technicians: ['Timo'], roles: ['User Administrator'], group: 'Juniors' })
withPartner(northwind, litware, {
  technicians: ['Tess'],
  roles: ['Privileged Authentication Administrator'],
  group: 'Seniors',
})

export const as = (name: string, tenant = contoso) => ({ tenantId: tenant.id, userId: userOf(tenant, name).id })
export const olga = as('Olga')
export const otto = as('Otto')
const contosoId = tenantGlobalId(contoso.id)

/** Somebody disables the account of an administrator. */
const recordAbout = (tenant: typeof contoso, name: string) => ({
  Id: `00000000-0000-4000-8000-${userOf(tenant, name).id.slice(-12)}`,
  CreationTime: '2026-03-14T15:09:26',
  Operation: 'Disable account.',
  OrganizationId: tenant.id,
  RecordType: 8,
  UserType: 0,
  UserKey: userOf(tenant, name).id,
  UserId: userOf(tenant, name).userPrincipalName,
  Workload: 'AzureActiveDirectory',
  ResultStatus: 'Success',
  ObjectId: userOf(tenant, name).userPrincipalName,
  Target: [
    { ID: `User_${userOf(tenant, name).id}`, Type: 2 },
    { ID: userOf(tenant, name).id, Type: 2 },
    { ID: 'User', Type: 2 },
    { ID: userOf(tenant, name).userPrincipalName, Type: 5 },
  ],
})

type Person = { tenantId: string; userId: string }

export interface Attempt {
  browser: PageVisitor
  /** Entra's page. */
  entra: URL
}

export interface SignInScene {
  database: TestDatabase
  gateway: TestGateway
  browser(): PageVisitor
  /** The link that the API gives an operator with what can be done about an administrator. */
  linkFor(who: Person): Promise<string>
  /** Presses the button of our page. */
  atEntra(link: string, browser?: PageVisitor): Promise<Attempt>
  /** From the link to the page after the callback. */
  signedIn(link: string, userId: string): Promise<Shown>
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of documents that they wrote themselves
  confirm(who: Person | string, code: string, tenantId?: string): Promise<any>
  sessionsOf(who: Person): Promise<{ viewer: { signedInAs: string }[]; tenant: { roles: string[] } | null }>
  /** Rows of `privileged_session`. */
  stored(): Promise<Record<string, unknown>[]>
  audit(tenantId?: string): Promise<AuditEntryRow[]>
  lastAudit(tenantId?: string): Promise<AuditEntryRow | undefined>
  /** Between tests: no session, no switch. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** The code that the page shows. */
export function codeOn({ text }: Shown): string {
  const [, code] = /class="code"[^>]*>([^<]+)</.exec(text) ?? []
  if (!code) throw new Error(`The page shows no code: ${text}`)
  return code
}

/** With a port the pages are reached at it, by a real browser; without, at `publicUrl` by page visitors alone. */
export async function aSignInScene({ port }: { port?: number } = {}): Promise<SignInScene> {
  const database = await aDatabase()
  const world = structuredClone(
    aWorld({ tenants: [contoso, fabrikam, litware, proseware, northwind, wingtip], applications: [application] }),
  )
  const address = port === undefined ? { publicUrl } : { port, publicUrl: `http://127.0.0.1:${port}` }
  const gateway = await aGateway({ microsoft: await aMicrosoft(world), database, ...address })
  for (const tenant of [contoso, fabrikam, northwind]) await gateway.connectTenant(tenant)
  await gateway.importRecords([recordAbout(contoso, 'Uma'), recordAbout(northwind, 'Nils')])
  const browser = () => aPageVisitor(gateway, address.publicUrl)

  const scene: SignInScene = {
    database,
    gateway,
    browser,
    async linkFor(who) {
      const { data } = await gateway.graphql(offeredLinks, {}, { as: who })
      const options: { requirements: { signInUrl?: string }[] }[] =
        data.securityEvents.edges[0].node.availableRemediations
      const link = options.flatMap(({ requirements }) => requirements).find(({ signInUrl }) => signInUrl)?.signInUrl
      if (!link) throw new Error(`No link is offered: ${JSON.stringify(options)}`)
      return link
    },
    async atEntra(link, used = browser()) {
      const { status, location, text } = await used.press(link)
      expect({ status, text }).toEqual({ status: 303, text: '' })
      if (!location) throw new Error('The page leads nowhere')
      return { browser: used, entra: location }
    },
    async signedIn(link, userId) {
      const attempt = await scene.atEntra(link)
      return attempt.browser.get(await gateway.microsoft.signIn(attempt.entra, userId))
    },
    async confirm(who, code, tenantId = contosoId) {
      const { data, errors } = await gateway.graphql(confirmation, { input: { tenantId, code } }, { as: who })
      expect(errors).toEqual([])
      return data.confirmPrivilegedSignIn
    },
    async sessionsOf(who) {
      const { data } = await gateway.graphql(sessions, { id: contosoId }, { as: who })
      return { viewer: data.viewer.privilegedSessions, tenant: data.tenant.privilegedSession }
    },
    stored: () => ownerSql(database, 'select * from privileged_session'),
    audit: async (tenantId = contoso.id) =>
      (
        await gateway.db.withTenants([tenantId], (tx) => pageOfAuditEntries(tx, tenantId, { first: 100 }))
      ).entries.toReversed(),
    lastAudit: async (tenantId) => (await scene.audit(tenantId)).at(-1),
    async reset() {
      gateway.microsoft.world.switches = {}
      await ownerSql(database, 'delete from privileged_session')
    },
    async close() {
      await gateway.close()
      await gateway.microsoft.close()
      await database.drop()
    },
  }
  return scene
}

const offeredLinks = `{ securityEvents(first: 1) { edges { node { availableRemediations { kind
  requirements { ... on PrivilegedSignInRequirement { signInUrl } } } } } } }`
const confirmation = `mutation ($input: ConfirmPrivilegedSignInInput!) { confirmPrivilegedSignIn(input: $input) { __typename
  ... on PrivilegedSession { id signedInAs roles expiresAt tenant { name } }
  ... on Refusal { code message } ... on InvalidInputError { issues { path message } } } }`
const sessions = `query ($id: ID!) { viewer { privilegedSessions { signedInAs } }
  tenant(id: $id) { privilegedSession { signedInAs roles } } }`
