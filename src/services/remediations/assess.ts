import DataLoader from 'dataloader'
import type { ServiceContext } from '../../context.ts'
import type { StoredEvent } from '../../db/events.ts'
import { activeSessions, type PrivilegedSession, sessionIn } from '../authority/privileged-session.ts'
import type { Subject } from '../events/types.ts'
import type { FactReader } from '../facts/fact.ts'
import { type FactName, loadFacts, type TenantFacts } from '../facts/load-facts.ts'
import { type CatalogueEntry, leastPermissions } from './contract.ts'
import { roleFor } from './groups.ts'
import { identityThatCannotBeBlocked, isExternal, type Judgement, judge, offeredEntries } from './judge.ts'
import { greyedOutWords } from './messages.ts'
import { unmetRequirements } from './requirements.ts'
import type { EventAssessment, GreyedOutReason, RemediationOption } from './types.ts'

/** The product's words (B9). */
const bannerMessage =
  'Nothing can be done about this event from here at the moment. The team is actively working to add new remediations and to handle more use cases.'

/**
 * What can be done about an event and why not the rest. All events of one request that are asked for in one tick are assessed
 * together: facts are loaded for the page, never for the event. Asking twice costs one assessment.
 */
export function assessmentOf(ctx: ServiceContext, event: StoredEvent): Promise<EventAssessment> {
  let loader = ctx.memo.get(assessmentOf) as DataLoader<StoredEvent, EventAssessment, string> | undefined
  if (!loader) {
    loader = new DataLoader((events: readonly StoredEvent[]) => assessEvents(ctx, events), {
      cacheKeyFn: ({ tenantId, id }) => `${tenantId}/${id}`,
      maxBatchSize: 100,
    })
    ctx.memo.set(assessmentOf, loader)
  }
  return loader.load(event)
}

/** Tenants side by side; the verdicts themselves need no I/O. */
async function assessEvents(ctx: ServiceContext, events: readonly StoredEvent[]): Promise<EventAssessment[]> {
  const tenants = new Map<string, StoredEvent[]>()
  for (const event of events) tenants.set(event.tenantId, [...(tenants.get(event.tenantId) ?? []), event])
  const facts = new Map<string, TenantFacts | null>()
  await Promise.all(
    [...tenants].map(async ([tenantId, ofTenant]) => {
      const questions = ofTenant.flatMap((event) =>
        event.subjects.map((subject) => ({ event, subject, entries: offeredEntries(event, subject) })),
      )
      facts.set(tenantId, await factsFor(ctx, tenantId, questions, { fresh: false }))
    }),
  )
  const sessions = await activeSessions(ctx)
  return events.map((event) =>
    assessEvent(ctx, event, facts.get(event.tenantId) ?? null, sessionIn(sessions, event.tenantId)),
  )
}

/** What is asked about a subject of an event: all that is offered, or only some. */
interface Question {
  event: StoredEvent
  subject: Subject
  entries: readonly CatalogueEntry[]
}

/** Null when nothing can be read (tenant not connected) or nothing has to be. */
export async function factsFor(
  ctx: ServiceContext,
  tenantId: string,
  questions: readonly Question[],
  how: Pick<FactReader, 'fresh' | 'disabledByRuns'>,
): Promise<TenantFacts | null> {
  const wants = new Map<string, { subject: Subject; needs: Set<FactName> }>()
  for (const { event, subject, entries } of questions) {
    if (event.tenant.status !== 'CONNECTED' || entries.length === 0 || isExternal(event, subject)) continue
    const want = wants.get(subject.id) ?? { subject, needs: new Set() }
    for (const entry of entries) for (const name of entry.needs) want.needs.add(name)
    wants.set(subject.id, want)
  }
  if (wants.size === 0) return null
  return loadFacts({ session: ctx.session, tenantId, clientId: ctx.clientId, ...how }, [...wants.values()])
}

function assessEvent(
  ctx: ServiceContext,
  event: StoredEvent,
  facts: TenantFacts | null,
  session: PrivilegedSession | null,
): EventAssessment {
  const available: RemediationOption[] = []
  const greyedOut: GreyedOutReason[] = []
  for (const subject of distinct(event.subjects)) {
    const identity = identityThatCannotBeBlocked(subject)
    if (identity) greyedOut.push({ kind: 'DISABLE_USER', subject, code: identity, ...greyedOutWords[identity] })
    for (const entry of offeredEntries(event, subject)) {
      const judgement = judge(ctx, event, entry, subject, facts, session)
      if (judgement.available) available.push(optionOf(ctx, event, entry, subject, judgement, session))
      else greyedOut.push(greyedOutReason(entry, subject, judgement))
    }
  }
  const banner = available.length === 0 ? { message: bannerMessage, supportEmail: ctx.supportEmail } : null
  return { available, greyedOut, banner }
}

/** One subject may be actor and target of the same event. */
const distinct = (subjects: readonly Subject[]): Subject[] => [
  ...new Map(subjects.map((subject) => [subject.id, subject])).values(),
]

export function greyedOutReason(
  entry: CatalogueEntry,
  subject: Subject,
  judgement: Extract<Judgement, { available: false }>,
): GreyedOutReason {
  const words = greyedOutWords[judgement.code]
  return {
    kind: entry.kind,
    subject,
    code: judgement.code,
    message: judgement.message ?? words.message,
    remedy: judgement.remedy ?? words.remedy,
  }
}

function optionOf(
  ctx: ServiceContext,
  event: StoredEvent,
  entry: CatalogueEntry,
  subject: Subject,
  judgement: Extract<Judgement, { available: true }>,
  session: PrivilegedSession | null,
): RemediationOption {
  const { tenantId } = event
  const { kind, title, effect, limits, impact, recommended, reversible, howToUndo } = entry
  const present = entry.tells?.(judgement.facts)
  return {
    kind,
    subject,
    title,
    effect,
    limits,
    impact,
    recommended,
    reversible,
    howToUndo,
    warnings: judgement.warnings,
    requirements: judgement.needsPrivilegedSignIn
      ? unmetRequirements(ctx, tenantId, entry, judgement.granted, session)
      : [],
    permissions: leastPermissions(entry, subject),
    remarks: present?.remarks ?? [],
    applicationAccess: present?.applicationAccess ?? [],
    viewerCan:
      ctx.access.can(tenantId, roleFor(entry.group)) &&
      (!judgement.needsPrivilegedSignIn || ctx.access.can(tenantId, 'Remediations.Privileged')),
  }
}
