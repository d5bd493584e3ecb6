/** Very many events of very many tenants, made inside the database: a few large tenants and a long tail, over the last year. */
import { openClient } from '../../src/db/driver.ts'

export interface ManyEvents {
  events: number
  tenants: number
}

/** Ids of the tenants, the largest first. */
export function manyTenantIds(tenants: number): string[] {
  return Array.from({ length: tenants }, (_, n) => `7e4a0000-0000-4000-8000-${String(n + 1).padStart(12, '0')}`)
}

/** The users of a tenant are numbered from 1, the busiest first; every tenant has a first one. */
export const userOf = (tenant: number, user: number) => ({
  userPrincipalName: `user${user}@customer${tenant}.example.com`,
  objectId: `0b1ec700-0000-4000-8000-${String(tenant * 100_000 + user).padStart(12, '0')}`,
})

/** The record id that the event of a number has. */
export const recordIdOf = (event: number) => `record-${event}`

/** Rows as an import would have left them, and their statistics. The same numbers give the same rows, but for the present time. */
export async function makeManyEvents(ownerUrl: string, { events, tenants }: ManyEvents): Promise<void> {
  const sql = openClient(ownerUrl)
  const forced = ['tenant', 'subject', 'subject_alias', 'security_event', 'event_subject', 'event_record']
  try {
    await sql.begin(async (tx) => {
      for (const table of forced) await tx.unsafe(`alter table ${table} no force row level security`)
      await tx.unsafe("select setseed(0.42); set local work_mem = '256MB'; set local timezone = 'UTC'")
      await tx.unsafe(statements(events, tenants))
      for (const table of forced) await tx.unsafe(`alter table ${table} force row level security`)
    })
    // Also the visibility map, as autovacuum would have.
    for (const table of forced) await sql.unsafe(`vacuum (analyze) ${table}`)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

const numbered = (prefix: string, number: string) => `('${prefix}' || lpad((${number})::text, 12, '0'))::uuid`
const tenantId = numbered('7e4a0000-0000-4000-8000-', 't')
const subjectId = (user: string) => numbered('01900000-0000-7000-8000-', `t * 100000 + ${user}`)

/** One in t of the draws is tenant t, and one in u of a tenant's is user u: `exp` of an even draw. */
const statements = (events: number, tenants: number) => `
  insert into tenant (id, name, status)
  select ${tenantId}, 'Customer ' || t, 'CONNECTED' from generate_series(1, ${tenants}) t on conflict do nothing;

  create temp table drawn on commit drop as
  select i, t, u, kind, ms,
    (lpad(to_hex(ms), 12, '0') || '7' || substr(digest, 1, 3) || '8' || substr(digest, 4, 15))::uuid as id
  from (
    select i, least(floor(exp(random() * ln(${tenants + 1}))), ${tenants})::int as t,
      floor(exp(random() * ln(201)))::int as u, random() as kind,
      floor(extract(epoch from now()) * 1000 - 60000 - random() * 365 * 86400000.0)::bigint as ms, md5(i::text) as digest
    from generate_series(1, ${events}) i
  ) draw order by ms;

  insert into subject (tenant_id, id, type, attributes)
  select ${tenantId}, ${subjectId('u')}, 'USER', jsonb_build_object('userPrincipalName', 'user' || u || '@customer' || t || '.example.com')
  from (select distinct t, u from drawn union select t, 1 from generate_series(1, ${tenants}) t) named on conflict do nothing;
  insert into subject_alias (tenant_id, type, alias, subject_id)
  select s.tenant_id, 'USER', alias, s.id from subject s, lateral (values
    ('upn:' || (s.attributes ->> 'userPrincipalName')), ('oid:' || replace(s.id::text, '01900000-0000-7000', '0b1ec700-0000-4000'))
  ) named(alias) where s.type = 'USER' on conflict do nothing;

  insert into security_event (tenant_id, id, type, severity, title, description, occurred_at, techniques, reasons, source,
    subjects, action_key, rank, created_at)
  select ${tenantId}, id, type, severity, 'Something that user' || u || '@customer' || t || '.example.com did, or that was done',
    'One or two sentences that say what happened, to whom, from which address (203.0.113.7) and why that may matter.',
    to_timestamp(ms / 1000.0), array['T1098'], array['One reason, as long as reasons are.'], 'FEED',
    jsonb_build_array(jsonb_build_object('id', ${subjectId('u')}, 'role', 'ACTOR')),
    case when type = 'USER_CONSENTED_TO_APP' then 'consent ' || i end, 5, to_timestamp(ms / 1000.0)
  from drawn, lateral (select case
    when kind < 0.700 then 'USER_ACTIVITY' when kind < 0.780 then 'MAILBOX_ACCESS_BY_NON_OWNER'
    when kind < 0.850 then 'RISKY_SIGN_IN' when kind < 0.890 then 'PASSWORD_RESET' when kind < 0.920 then 'MFA_CHANGED'
    when kind < 0.945 then 'ROLE_ASSIGNED' when kind < 0.960 then 'ANONYMOUS_LINK_CREATED'
    when kind < 0.975 then 'SUSPICIOUS_INBOX_RULE' when kind < 0.985 then 'EXTERNAL_MAIL_FORWARDING'
    when kind < 0.995 then 'USER_CONSENTED_TO_APP' when kind < 0.9999 then 'ACCOUNT_DISABLED' else 'MICROSOFT_ALERT' end
  ) named(type), lateral (select case
    when kind < 0.600 then 'INFORMATIONAL' when kind < 0.700 or type = 'ACCOUNT_DISABLED' then 'LOW'
    when type in ('EXTERNAL_MAIL_FORWARDING', 'MICROSOFT_ALERT') then 'HIGH' else 'MEDIUM' end) judged(severity);
  insert into event_subject (tenant_id, subject_id, event_id) select ${tenantId}, ${subjectId('u')}, id from drawn;
  insert into event_record (tenant_id, id, event_id, record_id) select ${tenantId}, id, id, 'record-' || i from drawn;
`
