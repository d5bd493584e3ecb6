/** What a remediation is: one file of the catalogue fills in this form, general code does the rest. */
import type { TenantClients } from '../../clients/types.ts'
import type { Services } from '../../context.ts'
import type { SecurityEvent, Subject, SubjectOf, SubjectType } from '../events/types.ts'
import type { FactReader } from '../facts/fact.ts'
import type { FactName, FactValues } from '../facts/load-facts.ts'
import type { Secret } from '../passwords/secret.ts'
import type { GreyedOutCode, Impact, RemediationWarning, StepFailureCode } from './codes.ts'
import type { PlannedCall, PresentState, RemediationGroup } from './types.ts'

/** What an entry's rules say about one subject; general code adds identity, tenant, health and read failures. */
export type Verdict =
  | { available: true; warnings: RemediationWarning[]; needsPrivilegedSignIn: boolean; needsTenantLease: boolean }
  | { available: false; code: GreyedOutCode }

interface Available {
  available: true
  warnings: RemediationWarning[]
  /** B11: an administrator of the tenant must sign in first. */
  needsPrivilegedSignIn: boolean
  /** B13: runs on Global Administrators of one tenant go one after the other. */
  needsTenantLease: boolean
}

export const available = (
  warnings: RemediationWarning[] = [],
  needs: Partial<Pick<Available, 'needsPrivilegedSignIn' | 'needsTenantLease'>> = {},
): Available => ({ available: true, warnings, needsPrivilegedSignIn: false, needsTenantLease: false, ...needs })

export const greyedOut = (code: GreyedOutCode): Verdict => ({ available: false, code })

/** What the run gives to `apply` besides the clients. */
export interface ApplyTools {
  now(): Date
  timing: Services['timing']
  /** Replaces the evidence kept so far: for entries of several calls, after each of them. */
  keep(evidence: unknown): void
  /** A temporary password; it is delivered as the operator asked once `apply` has succeeded, and is stored nowhere (B23). */
  newPassword(): Secret
}

/** What a step has left on record, known to the run and to recovery alike. */
export interface KeptStep {
  startedAt: Date
  evidence: unknown
}

/** Each of these must be granted; a list means any one of it, the least first. */
export type NeededPermission = string | readonly [string, ...string[]]

export interface RemediationDefinition<
  Kind extends string = string,
  Acts extends SubjectType = SubjectType,
  Needs extends FactName = FactName,
> {
  kind: Kind
  group: RemediationGroup
  actsOn: Acts
  /** Whether the remediation belongs to this event and subject (B1 to B5); pure. */
  offeredOn(event: SecurityEvent, subject: SubjectOf<Acts>): boolean
  needs: readonly Needs[]
  permissions: {
    application: readonly NeededPermission[]
    /** Besides the permission, our service principal must be Exchange Administrator (or Global Administrator) of the tenant. */
    exchangeAdministrator?: boolean
    /** Consented for the whole organisation, for steps that need a privileged sign-in (B18). */
    delegated?: readonly NeededPermission[]
    /** Where one subject takes less than another: those of `application` that this one needs. */
    applicationFor?(subject: SubjectOf<Acts>): readonly NeededPermission[]
  }
  title: string
  /** What it does, for a person (B25). */
  effect: string
  /** What it does not do (B25). */
  limits: string | null
  impact: Impact
  /** Part of the recommended minimum for a compromised user (B26). */
  recommended: boolean
  reversible: boolean
  /** Where to undo it and what to watch afterwards (B27); null when it cannot be undone. */
  howToUndo: string | null
  /** The rules; pure. May use only what `needs` lists. */
  assess(facts: Pick<FactValues, Needs>): Verdict
  /** The calls that `apply` would send, for the dry run. */
  calls(facts: Pick<FactValues, Needs>): Pick<PlannedCall, 'service' | 'method' | 'path'>[]
  /** Whether `apply` may be sent twice: "already gone" is success. Default true; one that is not is settled by reading. */
  repeatable?: boolean
  /** The user counts as disabled from the moment `apply` may have been sent, whatever reads show (B13). */
  disablesAccount?: boolean
  /** `apply` makes a temporary password, which has to be delivered (B23, B24). */
  makesPassword?: boolean
  /** What is removed or changed, complete enough to report it and to put it back; plain JSON without secrets. Committed before `apply`; pure. */
  evidence(facts: Pick<FactValues, Needs>): unknown
  /** Only the run calls this. Answers with the upstream request id. Throws `UpstreamError`. */
  apply(clients: TenantClients, facts: Pick<FactValues, Needs>, tools: ApplyTools): Promise<string | null>
  /**
   * Reads the new state back, from what is on record alone since recovery has nothing else: a user is there with the object id that was
   * found. True when the tenant shows it. Throws `UpstreamError`.
   */
  confirm(clients: TenantClients, subject: SubjectOf<Acts>, kept: KeptStep): Promise<boolean>
  /** After a change that was or may have been made: whether it may stand, and how it is undone, with the same credential. */
  safeguard?: {
    /** By reading: why it must not stand; null: all is well. Throws `UpstreamError`. */
    objection(reader: FactReader, facts: Pick<FactValues, Needs>): Promise<StepFailureCode | null>
    /** What `undo` sends. */
    calls(facts: Pick<FactValues, Needs>): Pick<PlannedCall, 'service' | 'method' | 'path'>[]
    /** Throws `UpstreamError`. */
    undo(clients: TenantClients, facts: Pick<FactValues, Needs>): Promise<unknown>
  }
  /** What a person should read about the present state before acting; pure. */
  tells?(facts: Pick<FactValues, Needs>): Partial<PresentState>
  /** For entries of several calls: what was done of a step that failed, a sentence made of what was kept. Null: nothing. */
  doneInPart?(evidence: unknown): string | null
  /** The sentence of the audit trail. */
  describe(facts: Pick<FactValues, Needs>): string
  /** Said with the step's outcome, e.g. to keep watching the account (B27). */
  afterwards: string | null
}

/** Keeps an entry's literal types: its rules may use only what it needs. */
export const defineRemediation = <Kind extends string, Acts extends SubjectType, Needs extends FactName>(
  definition: RemediationDefinition<Kind, Acts, Needs>,
): RemediationDefinition<Kind, Acts, Needs> => definition

/** An entry as general code sees it, which gives it only subjects that it acts on and facts that it needs. */
export type CatalogueEntry = RemediationDefinition

/** What the entry needs for this subject; without one, for any that it acts on. */
export const neededPermissions = ({ permissions }: CatalogueEntry, subject?: Subject): readonly NeededPermission[] =>
  (subject && permissions.applicationFor?.(subject)) ?? permissions.application

export const least = (needed: NeededPermission): string => (typeof needed === 'string' ? needed : needed[0])

/** The least permissions, for people: the first of each list. */
export const leastPermissions = (entry: CatalogueEntry, subject?: Subject): string[] =>
  neededPermissions(entry, subject).map(least)

/** The least permission of every need that nothing granted meets. */
export const missingPermissions = (needs: readonly NeededPermission[], granted: ReadonlySet<string>): string[] =>
  needs
    .filter((needed) => !(typeof needed === 'string' ? granted.has(needed) : needed.some((name) => granted.has(name))))
    .map(least)
