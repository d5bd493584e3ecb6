/** One row for one object of a tenant, whatever the records call it: candidates meet through their aliases. */
import { sql } from 'drizzle-orm'
import type { SubjectAttributes, SubjectCandidate, SubjectType } from '../services/events/types.ts'
import type { Tx } from './connection.ts'
import { newId } from './ids.ts'
import { storableJson } from './json.ts'

/** An object as it is known so far. */
interface Known {
  tenantId: string
  id: string
  type: SubjectType
  attributes: Attributes
  /** Place among those found here first; stored ones are older than all of them. */
  foundAs: number | null
  changed: boolean
  mergedInto: Known | null
}

type Attributes = Record<string, unknown>

/** One object of one tenant as a record names it. */
type TenantCandidate = SubjectCandidate & { tenantId: string }

/** Ids that Microsoft never gives twice: two objects with different ones are two, even if one took over the other's name. */
const unmistakable: { [T in SubjectType]: readonly (keyof SubjectAttributes[T] & string)[] } = {
  USER: ['objectId'],
  APPLICATION: ['servicePrincipalId', 'appId', 'applicationId'],
  TEAMS_APP: ['teamsAppId'],
  INBOX_RULE: ['ruleId'],
  TRANSPORT_RULE: ['guid'],
  MAILBOX: ['exchangeGuid'],
  MAILBOX_ACCESS: [],
  SYSTEM: [],
  ANONYMOUS: [],
}

/**
 * Ids of the subjects, in the order of the candidates. Adds subjects and aliases, fills in what was not known of them, and
 * unites subjects that a candidate shows to be one object: the older id stays. The caller holds the tenants' locks.
 */
export async function resolveSubjects(tx: Tx, candidates: readonly TenantCandidate[]): Promise<string[]> {
  if (candidates.length === 0) return []
  const stored = await ownersOfAliases(tx, candidates)
  const owners = new Map(stored)
  const found = candidates.map((candidate, position) => resolve(owners, candidate, position))
  const all = new Set([...stored.values(), ...found])
  // Sent in this order, without waiting for each.
  await Promise.all([writeSubjects(tx, all), unite(tx, all), writeAliases(tx, stored, owners)])
  return found.map((known) => rootOf(known).id)
}

function resolve(owners: Map<string, Known>, candidate: TenantCandidate, position: number): Known {
  const { tenantId, type } = candidate
  const told: Attributes = { ...candidate.attributes }
  const keys = candidate.aliases.map((alias) => keyOf(tenantId, type, alias))
  const [oldest, ...others] = keys
    .flatMap((key) => owners.get(key) ?? [])
    .map(rootOf)
    .filter((known, index, all) => all.indexOf(known) === index && mayBeOne(type, known.attributes, told))
    .sort(byAge)
  const target: Known = oldest ?? {
    tenantId,
    id: newId(),
    type,
    attributes: {},
    foundAs: position,
    changed: true,
    mergedInto: null,
  }
  fillIn(target, told)
  for (const other of others) {
    if (!mayBeOne(type, target.attributes, other.attributes)) continue
    other.mergedInto = target
    fillIn(target, other.attributes)
  }
  for (const key of keys) {
    const owner = owners.get(key)
    // A name that another object holds goes to the one that bears it now, unless the candidate could be either.
    if (owner === undefined || rootOf(owner) === target || !mayBeOne(type, rootOf(owner).attributes, told))
      owners.set(key, target)
  }
  return target
}

function rootOf(known: Known): Known {
  return known.mergedInto === null ? known : rootOf(known.mergedInto)
}

/** Ids sort by the time of their making; those made here keep the order of the candidates. */
function byAge(a: Known, b: Known): number {
  if (a.foundAs !== null || b.foundAs !== null) return (a.foundAs ?? -1) - (b.foundAs ?? -1)
  return a.id < b.id ? -1 : 1
}

function mayBeOne(type: SubjectType, a: Attributes, b: Attributes): boolean {
  return unmistakable[type].every((name) => {
    const [one, other] = [a[name], b[name]]
    return one === undefined || other === undefined || String(one).toLowerCase() === String(other).toLowerCase()
  })
}

/** Known values stay, absent ones are added, also inside a rule's definition. */
function fillIn(known: Known, told: Attributes): void {
  for (const [name, value] of Object.entries(told)) {
    const present = known.attributes[name]
    if (present === undefined || present === null) {
      if (value === undefined || value === null) continue
      known.attributes = { ...known.attributes, [name]: value }
      known.changed = true
    } else if (isRecord(present) && isRecord(value)) {
      const missing = Object.entries(value).filter(([key]) => !(key in present))
      if (missing.length === 0) continue
      known.attributes = { ...known.attributes, [name]: { ...present, ...Object.fromEntries(missing) } }
      known.changed = true
    }
  }
}

function isRecord(value: unknown): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const keyOf = (tenantId: string, type: SubjectType, alias: string) => `${tenantId} ${type} ${alias}`

function aliasOf(key: string): { tenant_id: string; type: string; alias: string } {
  const [tenant_id = '', type = ''] = key.split(' ', 2)
  return { tenant_id, type, alias: key.slice(tenant_id.length + type.length + 2) }
}

async function ownersOfAliases(tx: Tx, candidates: readonly TenantCandidate[]): Promise<Map<string, Known>> {
  const keys = [
    ...new Set(
      candidates.flatMap(({ tenantId, type, aliases }) => aliases.map((alias) => keyOf(tenantId, type, alias))),
    ),
  ]
  const asked = keys.map((key, position) => ({ position, ...aliasOf(key) }))
  const rows = await tx.execute<{
    position: number
    tenant_id: string
    id: string
    type: SubjectType
    attributes: Attributes
  }>(sql`
    select asked.position, asked.tenant_id, s.id, s.type, s.attributes
    from jsonb_to_recordset(${storableJson(asked)}::jsonb) asked(position int, tenant_id uuid, type text, alias text)
    cross join lateral (
      -- The limit keeps it a search for each name: as a join all names of the tenant may be read.
      select s.id, s.type, s.attributes from subject_alias a
      join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id
      where a.tenant_id = asked.tenant_id and a.type = asked.type and a.alias = asked.alias limit 1
    ) s`)
  const known = new Map<string, Known>()
  const owners = new Map<string, Known>()
  for (const { position, tenant_id, ...row } of rows) {
    const ownId = `${tenant_id} ${row.id}`
    const owner = known.get(ownId) ?? { tenantId: tenant_id, ...row, foundAs: null, changed: false, mergedInto: null }
    known.set(ownId, owner)
    const key = keys[position]
    if (key !== undefined) owners.set(key, owner)
  }
  return owners
}

/** Those that were found and united in one go were never stored, and never are. */
async function writeSubjects(tx: Tx, all: Iterable<Known>): Promise<void> {
  const changed = [...all]
    .filter((known) => known.changed && known.mergedInto === null)
    .map(({ tenantId, id, type, attributes }) => ({ tenant_id: tenantId, id, type, attributes }))
  if (changed.length === 0) return
  await tx.execute(sql`
    insert into subject (tenant_id, id, type, attributes)
    select tenant_id, id, type, attributes
    from jsonb_to_recordset(${storableJson(changed)}::jsonb) changed(tenant_id uuid, id uuid, type text, attributes jsonb)
    on conflict (tenant_id, id) do update set attributes = excluded.attributes`)
}

async function unite(tx: Tx, all: Iterable<Known>): Promise<void> {
  const united = [...all]
    .filter((known) => known.mergedInto !== null && known.foundAs === null)
    .map((known) => ({ tenant_id: known.tenantId, id: known.id, into: rootOf(known).id }))
  if (united.length === 0) return
  const list = sql`jsonb_to_recordset(${storableJson(united)}::jsonb) united(tenant_id uuid, id uuid, "into" uuid)`
  await tx.execute(sql`
    update subject s set merged_into = united."into" from ${list}
    where s.tenant_id = united.tenant_id and (s.id = united.id or s.merged_into = united.id)`)
  await tx.execute(sql`
    update subject_alias a set subject_id = united."into" from ${list}
    where a.tenant_id = united.tenant_id and a.subject_id = united.id`)
  await tx.execute(sql`
    with moved as (
      delete from event_subject n using ${list}
      where n.tenant_id = united.tenant_id and n.subject_id = united.id
      returning n.tenant_id, n.event_id, united."into"
    )
    insert into event_subject (tenant_id, subject_id, event_id)
    select tenant_id, "into", event_id from moved on conflict do nothing`)
}

async function writeAliases(
  tx: Tx,
  stored: ReadonlyMap<string, Known>,
  owners: ReadonlyMap<string, Known>,
): Promise<void> {
  const changed = [...owners]
    .filter(([key, owner]) => stored.get(key) !== owner)
    .map(([key, owner]) => ({ ...aliasOf(key), subject_id: rootOf(owner).id }))
  if (changed.length === 0) return
  await tx.execute(sql`
    insert into subject_alias (tenant_id, type, alias, subject_id)
    select distinct on (tenant_id, type, alias) tenant_id, type, alias, subject_id
    from jsonb_to_recordset(${storableJson(changed)}::jsonb) changed(tenant_id uuid, type text, alias text, subject_id uuid)
    on conflict (tenant_id, type, alias) do update set subject_id = excluded.subject_id`)
}
