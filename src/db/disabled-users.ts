/** Which users our own runs disable: what the directory's reads may not show yet. */
import { and, eq, gte, inArray, isNotNull, or, sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { firstIdOf } from './ids.ts'
import { remediationStep } from './tables.ts'

/**
 * Object ids of users on whom a step of these kinds was started by a run that was asked for since `requestedSince`, and
 * which may still take effect, or was confirmed since `confirmedSince`.
 */
export async function usersUnderSteps(
  tx: Tx,
  tenantId: string,
  kinds: readonly string[],
  { requestedSince, confirmedSince }: { requestedSince: Date; confirmedSince: Date },
): Promise<Set<string>> {
  const rows = await tx
    .selectDistinct({ objectId: sql<string | null>`${remediationStep.subject} -> 'attributes' ->> 'objectId'` })
    .from(remediationStep)
    .where(
      and(
        eq(remediationStep.tenantId, tenantId),
        gte(remediationStep.runId, firstIdOf(requestedSince)),
        inArray(remediationStep.kind, [...kinds]),
        isNotNull(remediationStep.startedAt),
        or(
          inArray(remediationStep.state, ['RUNNING', 'ACCEPTED', 'UNKNOWN']),
          and(eq(remediationStep.state, 'CONFIRMED'), gte(remediationStep.endedAt, confirmedSince)),
        ),
      ),
    )
  return new Set(rows.flatMap(({ objectId }) => objectId ?? []))
}
