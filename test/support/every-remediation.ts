/** The whole catalogue at work on the sandbox's sample, with everything that went over the wire meanwhile. */
import { expect } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { sampleAuditRecords } from '../../simulator/sample/audit-records.ts'
import { describeSample, sampleWorld } from '../../simulator/sample/world.ts'
import { roles } from '../../src/context.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { catalogue } from '../../src/services/remediations/catalogue/index.ts'
import { sweepRuns } from '../../src/services/remediations/recover.ts'
import { productionTiming } from '../../src/timing.ts'
import { type As, aGateway } from './gateway.ts'
import { aMicrosoft } from './microsoft.ts'
import { aPageVisitor } from './page-visitor.ts'
import { aDatabase } from './postgres.ts'
import { codeOn } from './sign-in-scene.ts'
import { aWire, type Wire } from './wire.ts'

export interface AllAtWork {
  wire: Wire
  /** Kinds of the steps that the tenant confirmed. */
  confirmed: ReadonlySet<string>
  /** Who the gateway took for an administrator: members and a partner's technician. */
  signedIn: string[]
}

interface Option {
  kind: string
  subject: { id: string }
  requirements: { signInUrl?: string }[]
}
interface Event {
  id: string
  availableRemediations: Option[]
}

const eventsWithOptions = `query ($tenantIds: [ID!], $after: String) { securityEvents(tenantIds: $tenantIds, first: 50, after: $after) {
  pageInfo { hasNextPage endCursor }
  edges { node { id greyedOutReasons { code } availableRemediations { kind subject { ... on Node { id } }
    requirements { ... on PrivilegedSignInRequirement { signInUrl } } } } } } }`
const health = 'query ($id: ID!) { tenant(id: $id) { health { status checks { name status } } } }'
const plan = `query ($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename
  ... on RemediationPlan { calls { method path } refusals { code message } } ... on Refusal { code message } } }`
const confirm = `mutation ($input: ConfirmPrivilegedSignInInput!) { confirmPrivilegedSignIn(input: $input) { __typename
  ... on PrivilegedSession { signedInAs } } }`
const end = 'mutation ($input: EndPrivilegedSessionInput!) { endPrivilegedSession(input: $input) { __typename } }'
const run = `__typename ... on RemediationRun { id steps { kind state code } } ... on Refusal { code message }`
const mutationOf = (group: string): string => group.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
const kindsOf = (group: string) => catalogue.filter((entry) => entry.group === group).map(({ kind }) => String(kind))
const removals = [...new Set(catalogue.map(({ group }) => group))].filter((group) => group !== 'BLOCK_USER')

const publicUrl = 'http://localhost'

/** Health, the options of all events, sign-ins of both sorts, a run that recovery settles, then plan and mutation of all that is available. */
export async function everyRemediation(): Promise<AllAtWork> {
  const wire = aWire()
  const [microsoft, database] = await Promise.all([aMicrosoft(sampleWorld(), { watch: wire.watch }), aDatabase()])
  const timing = { ...productionTiming, readBackMs: 1_000, passwordPollMs: 50 }
  const gateway = await aGateway({ microsoft, database, publicUrl, timing })
  const { tenants, personas } = describeSample()
  const northwind = microsoft.tenant(personas.analyst.tenantId)
  const annika = { tenantId: personas.analyst.tenantId, userId: personas.analyst.userId }
  const confirmed = new Set<string>()
  const signedIn: string[] = []

  const ask = async (document: string, variables: object, as: As) => {
    const { data, errors } = await gateway.graphql(document, { ...variables }, { as })
    expect(errors).toEqual([])
    return data
  }

  async function events(tenantId: string, as: As): Promise<Event[]> {
    const found: Event[] = []
    const variables: { tenantIds: string[]; after: string | null } = {
      tenantIds: [tenantGlobalId(tenantId)],
      after: null,
    }
    for (let hasNextPage = true; hasNextPage; ) {
      const { edges, pageInfo } = (await ask(eventsWithOptions, variables, as)).securityEvents
      found.push(...edges.map(({ node }: { node: Event }) => node))
      hasNextPage = pageInfo.hasNextPage
      variables.after = pageInfo.endCursor
    }
    return found
  }

  async function signIn(link: string, userId: string): Promise<void> {
    const browser = aPageVisitor(gateway, publicUrl)
    const { location } = await browser.press(link)
    const shown = await browser.get(await microsoft.signIn(location ?? '', userId))
    const input = { tenantId: tenantGlobalId(northwind.id), code: codeOn(shown) }
    signedIn.push((await ask(confirm, { input }, annika)).confirmPrivilegedSignIn.signedInAs)
  }

  /** Every target once: removals first, since blocking the owner may leave them nothing to do; users with all that is available. */
  async function doAll(tenantId: string, as: As): Promise<void> {
    const seen = await events(tenantId, as)
    for (const group of [...removals, 'BLOCK_USER']) {
      const done = new Set<string>()
      for (const { id: eventId, availableRemediations } of seen) {
        const options = availableRemediations.filter(({ kind }) => kindsOf(group).includes(kind))
        for (const [subjectId, own] of Map.groupBy(options, ({ subject }) => subject.id)) {
          if (done.has(subjectId)) continue
          done.add(subjectId)
          const actions = own.map(({ kind }) => kind)
          await act(group, { eventId, subjectId, actions }, as)
        }
      }
    }
  }

  async function act(group: string, given: { eventId: string; subjectId: string; actions: string[] }, as: As) {
    const { actions, ...target } = given
    await ask(plan, { input: given }, as)
    const name = mutationOf(group)
    const password = actions.includes('RESET_PASSWORD') && { passwordDelivery: { onScreen: true } }
    const asked = group === 'BLOCK_USER' ? { ...given, ...password } : target
    const input = { ...asked, idempotencyKey: crypto.randomUUID() }
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`
    const document = `mutation ($input: ${type}!) { ${name}(input: $input) { ${run} } }`
    const { steps = [] } = (await ask(document, { input }, as))[name]
    for (const { kind, state } of steps) if (state === 'CONFIRMED') confirmed.add(kind)
  }

  try {
    for (const { id, name } of tenants) await gateway.connectTenant({ id, displayName: name })
    await gateway.importRecords(sampleAuditRecords(new Date()))
    const key = await gateway.anApiKey(tenants.map(({ id }) => ({ tenantId: id, roles })))
    for (const { id } of tenants) await ask(health, { id: tenantGlobalId(id) }, key)

    const seen = await events(northwind.id, annika)
    const links = seen.flatMap(({ availableRemediations }) =>
      availableRemediations.flatMap(({ requirements }) => requirements.flatMap(({ signInUrl }) => signInUrl ?? [])),
    )
    const [link = ''] = links
    await signIn(link, personas.partner.userId)
    await ask(end, { input: { tenantId: tenantGlobalId(northwind.id) } }, annika)
    await signIn(link, userOf(northwind, 'Pia').id)

    // Reads do not show what was done: the worker finds it out.
    const [hidden] = (await events(microsoft.tenant('Tailspin Toys').id, key)).flatMap(
      ({ id: eventId, availableRemediations }) =>
        availableRemediations
          .filter(({ kind }) => kind === 'REVOKE_SESSIONS')
          .map(({ subject }) => ({ eventId, subject })),
    )
    const fault = microsoft.fault({
      fault: 'stale',
      service: 'graph',
      mutates: false,
      times: 1_000,
      args: { ms: 3_600_000 },
    })
    const target = { eventId: hidden?.eventId ?? '', subjectId: hidden?.subject.id ?? '', actions: ['REVOKE_SESSIONS'] }
    await act('BLOCK_USER', target, key)
    expect(confirmed).toEqual(new Set())
    fault.end()
    expect(await sweepRuns({ ...gateway.services, now: () => new Date(Date.now() + 120_000) })).toBe(0)

    await doAll(northwind.id, annika)
    for (const { id } of tenants.slice(1)) await doAll(id, key)
    return { wire, confirmed, signedIn }
  } finally {
    await gateway.close()
    await microsoft.close()
    await database.drop()
  }
}
