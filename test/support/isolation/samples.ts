/** What there is to ask for: ids, cursors, names and records of each tenant, each with a twin of the same form that never existed. */
import {
  apiKeyGlobalId,
  operatorGlobalId,
  scopedId,
  type TenantScopedType,
  tenantGlobalId,
} from '../../../src/resolvers/global-ids.ts'
import { encodeCursor } from '../../../src/resolvers/pages.ts'
import { ownerSql } from '../owner-sql.ts'
import type { IsolationScene } from './scene.ts'
import { guidFor, guidsIn, type Word, words } from './world.ts'

export interface Sample {
  /** The name of a type, of a list with cursors, or `directory id`, `text`, `record`, `time`. */
  kind: string
  word: Word
  real: unknown
  unreal: unknown
}

export interface Samples {
  all: readonly Sample[]
  /** Whose the id is, for ids that only one tenant knows. */
  ownerOf(id: string): Word | undefined
}

/** No word of a tenant, and as long. */
const unrealWords: Record<Word, string> = { Quokka: 'Wombat', Narwhal: 'Dolphin', Axolotl: 'Pangoli' }

/** Keeps the time in the id, by which lists are ordered, and the marks of its version. */
const unrealId = (id: string): string => {
  const other = guidFor('Nobody', id)
  return `${id.slice(0, 15)}${other.slice(15, 19)}${id.slice(19, 20)}${other.slice(20)}`
}

export async function samplesOf(scene: IsolationScene): Promise<Samples> {
  const { database, marked } = scene
  const wordOf = new Map(marked.map(({ tenant, word }) => [tenant.id, word]))
  const owners = await ownersOfIds(scene, wordOf)
  const unreal = (text: string): string => {
    let changed = text
    for (const id of new Set(guidsIn(text))) {
      if (owners.has(id)) changed = changed.replaceAll(new RegExp(id, 'gi'), unrealId(id))
    }
    for (const word of words) {
      changed = changed
        .replaceAll(word, unrealWords[word])
        .replaceAll(word.toLowerCase(), unrealWords[word].toLowerCase())
    }
    return changed
  }
  const all: Sample[] = []
  const add = (tenantId: unknown, kind: string, encode: (tenantId: string, id: string) => string, id: unknown) => {
    const word = wordOf.get(String(tenantId))
    if (!word) return
    const real = [String(tenantId), String(id)] as const
    all.push({ kind, word, real: encode(...real), unreal: encode(unreal(real[0]), unreal(real[1])) })
  }
  const scoped = (type: TenantScopedType) => (tenantId: string, id: string) => scopedId(type, tenantId, id)
  const cursor = (list: string) => (_: string, key: string) => encodeCursor(list, key)
  const plain = (_: string, text: string) => text
  const rows = (columns: string, from: string) =>
    ownerSql(database, `select tenant_id, ${columns} from ${from} order by 1, 2`)

  for (const { tenant_id, id, occurred_at, title, description } of await rows(
    'id, occurred_at, title, description',
    'security_event',
  )) {
    add(tenant_id, 'SecurityEvent', scoped('SecurityEvent'), id)
    add(tenant_id, 'events', cursor('events'), id)
    add(tenant_id, 'arrivals', (tenantId, key) => encodeCursor('arrivals', `${tenantId}/${key}`), id)
    add(tenant_id, 'text', plain, title)
    add(tenant_id, 'text', plain, description)
    add(tenant_id, 'time', plain, new Date(String(occurred_at)).toISOString())
  }
  for (const { tenant_id, id } of await rows('id', 'subject')) add(tenant_id, 'Subject', scoped('Subject'), id)
  for (const { tenant_id, alias } of await rows('alias', 'subject_alias')) add(tenant_id, 'text', plain, alias)
  for (const { tenant_id, id, idempotency_key, operator_id } of await rows(
    'id, idempotency_key, operator_id',
    'remediation_run',
  )) {
    add(tenant_id, 'RemediationRun', scoped('RemediationRun'), id)
    add(tenant_id, 'runs', cursor('runs'), id)
    add(tenant_id, 'text', plain, idempotency_key)
    add(tenant_id, 'Operator', (_, own) => operatorGlobalId(own), operator_id)
  }
  for (const { tenant_id, seq } of await rows('seq', 'audit_entry')) {
    add(tenant_id, 'AuditEntry', scoped('AuditEntry'), seq)
    add(tenant_id, 'audit', cursor('audit'), seq)
  }
  for (const { tenant_id, record_id } of await rows('record_id', 'event_record where record_id is not null')) {
    add(tenant_id, 'directory id', plain, record_id)
  }
  for (const { tenant_id, id } of await rows('id', 'privileged_session')) {
    add(
      tenant_id,
      'PrivilegedSession',
      (tenantId, own) => Buffer.from(`PrivilegedSession:${tenantId}/${own}`).toString('base64url'),
      id,
    )
  }
  for (const { tenant_id, id, operator_id, name } of await rows(
    'k.id, k.operator_id, k.name',
    'api_key k join access_grant g on g.operator_id = k.operator_id',
  )) {
    add(tenant_id, 'ApiKey', (_, own) => apiKeyGlobalId(own), id)
    add(tenant_id, 'Operator', (_, own) => operatorGlobalId(own), operator_id)
    add(tenant_id, 'text', plain, name)
  }
  for (const { tenant, word, records } of marked) {
    add(tenant.id, 'Tenant', tenantGlobalId, '')
    add(tenant.id, 'Tenant', (tenantId) => tenantId, '')
    add(tenant.id, 'tenants', (tenantId) => encodeCursor('tenants', tenantId), '')
    add(tenant.id, 'text', plain, tenant.displayName)
    for (const { id, userPrincipalName, displayName } of tenant.users) {
      add(tenant.id, 'directory id', plain, id)
      for (const text of [userPrincipalName, displayName]) add(tenant.id, 'text', plain, text)
    }
    for (const record of records) {
      all.push({ kind: 'record', word, real: record, unreal: JSON.parse(unreal(JSON.stringify(record))) })
    }
  }
  return { all, ownerOf: (id) => owners.get(id.toLowerCase()) }
}

/** Every GUID in the rows, the directory and the records of one tenant and of no other. */
async function ownersOfIds(
  { database, marked }: IsolationScene,
  wordOf: ReadonlyMap<string, Word>,
): Promise<Map<string, Word>> {
  const owners = new Map<string, Word>()
  const common = new Set<string>()
  const note = (word: Word | undefined, text: string) => {
    if (!word) return
    for (const id of guidsIn(text)) {
      if (owners.has(id) && owners.get(id) !== word) common.add(id)
      else owners.set(id, word)
    }
  }
  for (const table of await tenantTables(database)) {
    // Who holds a grant is told so, wherever it sees anything.
    if (table === 'access_grant' || table === 'operator') continue
    for (const { tenant_id, text } of await ownerSql(database, `select tenant_id, t::text as text from ${table} t`)) {
      note(wordOf.get(String(tenant_id)), String(text))
    }
  }
  for (const { word, tenant, records } of marked) note(word, JSON.stringify([tenant, records]))
  for (const id of common) owners.delete(id)
  return owners
}

/** Tables with rows of tenants, without their partitions. */
export async function tenantTables(database: IsolationScene['database']): Promise<string[]> {
  const rows = await ownerSql(
    database,
    `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  )
  return rows.map(({ relname }) => String(relname))
}
