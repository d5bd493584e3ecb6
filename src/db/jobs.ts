import { sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { storableJson } from './json.ts'

export interface EnqueueOptions {
  /** Not before this moment; at once if not said. */
  runAt?: Date
  /** A waiting job of the same key is replaced. */
  jobKey?: string
}

/** Adds a job to the queue of the workers. It exists when the transaction commits, and not at all when it does not. */
export async function enqueue(
  tx: Tx,
  task: string,
  payload: object,
  { runAt, jobKey }: EnqueueOptions = {},
): Promise<void> {
  await tx.execute(sql`select work.enqueue(
    ${task}, ${storableJson(payload)}::jsonb, coalesce(${runAt?.toISOString() ?? null}::timestamptz, now()), ${jobKey ?? null})`)
}
