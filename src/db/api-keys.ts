/** API keys. Only their SHA-256 and last four characters are stored. */
import { and, desc, eq, inArray, isNull, lt, or, sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { newId } from './ids.ts'
import { accessGrant, apiKey, operator } from './tables.ts'

export interface ApiKeyRow {
  id: string
  /** The operator that calls made with the key act as: grants are given to it. */
  operatorId: string
  name: string
  lastFour: string
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
  /** To about a minute; null for a key that was never used. */
  lastUsedAt: Date | null
}

const columns = {
  id: apiKey.id,
  operatorId: apiKey.operatorId,
  name: apiKey.name,
  lastFour: apiKey.lastFour,
  createdAt: apiKey.createdAt,
  expiresAt: apiKey.expiresAt,
  revokedAt: apiKey.revokedAt,
  lastUsedAt: apiKey.lastUsedAt,
}

/** Stores a key and the operator it stands for. It may do nothing until access is granted to that operator. */
export async function createApiKey(
  tx: Tx,
  given: { name: string; hash: Buffer; lastFour: string; createdAt?: Date; expiresAt?: Date | null },
): Promise<ApiKeyRow> {
  const id = newId()
  const operatorId = newId()
  const createdAt = given.createdAt ?? new Date()
  await tx
    .insert(operator)
    .values({ id: operatorId, kind: 'API_KEY', tenantId: null, externalId: id, displayName: given.name, createdAt })
  const [row] = await tx
    .insert(apiKey)
    .values({
      id,
      operatorId,
      name: given.name,
      hash: given.hash,
      lastFour: given.lastFour,
      createdAt,
      expiresAt: given.expiresAt ?? null,
    })
    .returning(columns)
  if (row === undefined) throw new Error('The API key was not written.')
  return row
}

/** The key as it is now, or null when there is no such key or it was revoked before. */
export async function revokeApiKey(tx: Tx, id: string, revokedAt: Date): Promise<ApiKeyRow | null> {
  const [row] = await tx
    .update(apiKey)
    .set({ revokedAt })
    .where(and(eq(apiKey.id, id), isNull(apiKey.revokedAt)))
    .returning(columns)
  return row ?? null
}

/** All keys in order of creation, revoked and expired ones, too. */
export async function listApiKeys(tx: Tx): Promise<ApiKeyRow[]> {
  return tx.select(columns).from(apiKey).orderBy(apiKey.createdAt, apiKey.id)
}

/** One key, or null. */
export async function apiKeyById(tx: Tx, id: string): Promise<ApiKeyRow | null> {
  const [row] = await tx.select(columns).from(apiKey).where(eq(apiKey.id, id))
  return row ?? null
}

/** The key that an operator stands for, or null for persons and applications. */
export async function apiKeyOfOperator(tx: Tx, operatorId: string): Promise<ApiKeyRow | null> {
  const [row] = await tx.select(columns).from(apiKey).where(eq(apiKey.operatorId, operatorId))
  return row ?? null
}

/** Keys with a grant in the tenant, newest first, revoked and expired ones, too. `after` is the id of the last one before. */
export async function pageOfApiKeys(
  tx: Tx,
  tenantId: string,
  { first, after }: { first: number; after?: string | undefined },
): Promise<{ keys: ApiKeyRow[]; hasNextPage: boolean }> {
  const granted = tx
    .select({ id: accessGrant.operatorId })
    .from(accessGrant)
    .where(and(eq(accessGrant.tenantId, tenantId), isNull(accessGrant.revokedAt)))
  const rows = await tx
    .select(columns)
    .from(apiKey)
    .where(and(inArray(apiKey.operatorId, granted), after === undefined ? undefined : lt(apiKey.id, after)))
    .orderBy(desc(apiKey.id))
    .limit(first + 1)
  return { keys: rows.slice(0, first), hasNextPage: rows.length > first }
}

/** Keeps when a key was used, unless that is known to the minute. Waits for nobody: a row that another holds is left alone. */
export async function noteKeyUse(tx: Tx, id: string, at: Date, knownSince: Date): Promise<void> {
  const stale = tx
    .select({ id: apiKey.id })
    .from(apiKey)
    .where(and(eq(apiKey.id, id), or(isNull(apiKey.lastUsedAt), lt(apiKey.lastUsedAt, knownSince))))
    .for('no key update', { skipLocked: true })
  await tx.update(apiKey).set({ lastUsedAt: at }).where(sql`${apiKey.id} in ${stale}`)
}
