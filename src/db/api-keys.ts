/** API keys. Only their SHA-256 and last four characters are stored. */
import { and, eq, isNull } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { newId } from './ids.ts'
import { apiKey, operator } from './tables.ts'

export interface ApiKeyRow {
  id: string
  /** The operator that calls made with the key act as: grants are given to it. */
  operatorId: string
  name: string
  lastFour: string
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
}

const columns = {
  id: apiKey.id,
  operatorId: apiKey.operatorId,
  name: apiKey.name,
  lastFour: apiKey.lastFour,
  createdAt: apiKey.createdAt,
  expiresAt: apiKey.expiresAt,
  revokedAt: apiKey.revokedAt,
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
