/** What the catalogue of the database says of tenants' rows, and what the serving role may do at all, whatever statement it sends. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { type Client, openClient } from './driver.ts'
import { resolveSubjects } from './subjects.ts'
import { upsertTenant } from './tenants.ts'

let database: TestDatabase
let app: Client
beforeAll(async () => {
  database = await aDatabase()
  app = openClient(database.url)
})
afterAll(async () => {
  await app?.end()
  await database?.drop()
})

const names = async (statement: string, name = 'name'): Promise<string[]> =>
  (await ownerSql(database, statement)).map((row) => String(row[name]))
const refused = (statement: string, code = '42501') =>
  expect(app.unsafe(statement), statement).rejects.toMatchObject({ code })

/** Tables that no policy binds to the tenants of the transaction, each with what guards it instead. */
const withoutTenant = {
  operator: 'who signed in; an operator names no tenant but its home',
  partner: 'names and homes of partners',
  access_grant: 'who may do what where; read before it is known which tenants a caller sees',
  api_key: 'SHA-256 of keys of 256 random bits: worth nothing to a reader',
  arrival_head: 'one number',
  event_retention: 'one moment',
  rate_limit: 'how much of a budget is used up',
}

describe('tables', () => {
  test('each has row-level security, forced, with one policy for what is read and written, or is known to hold no rows of tenants', async () => {
    const all = await names(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`,
    )
    const bound = await ownerSql(
      database,
      `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced, p.polname as policy, p.polcmd as command,
         pg_get_expr(p.polqual, c.oid) as reading, pg_get_expr(p.polwithcheck, c.oid) as writing
       from pg_class c join pg_policy p on p.polrelid = c.oid
       where c.relnamespace = 'public'::regnamespace and p.polpermissive and 0 = any(p.polroles) order by 1`,
    )
    const rule = (column: string) =>
      `(${column} IN ( SELECT (unnest(string_to_array(current_setting('app.tenants'::text, true), ','::text)))::uuid AS unnest))`
    for (const name of all) {
      if (name in withoutTenant) continue
      const of = bound.filter((row) => row['name'] === name)
      const tenantRule = rule(name === 'tenant' ? 'id' : 'tenant_id')
      expect(of).toEqual([
        { name, forced: true, policy: 'own_tenants_only', command: '*', reading: tenantRule, writing: tenantRule },
      ])
    }
    expect(all.length - Object.keys(withoutTenant).length).toBeGreaterThan(15)
  })

  test('a policy for somebody else than all is one for the owner, by which its own functions see all tenants', async () => {
    const others = await ownerSql(
      database,
      `select c.relname as name, p.polname as policy, array(select rolname::text from pg_roles where oid = any(p.polroles)) as roles
       from pg_policy p join pg_class c on c.oid = p.polrelid where not 0 = any(p.polroles) order by 1`,
    )
    expect(others).toEqual([
      { name: 'event_arrival', policy: 'owner_places_all', roles: ['owner'] },
      { name: 'tenant', policy: 'owner_lists_all', roles: ['owner'] },
    ])
  })

  test('a key or a unique index of a tenant begins with the tenant or holds it, so that no conflict tells of another', async () => {
    const others = await names(
      `select c.relname || ': ' || i.indexrelid::regclass as name from pg_index i
       join pg_class c on c.oid = i.indrelid
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relnamespace = 'public'::regnamespace and i.indisunique and c.relrowsecurity and not a.attnum = any(i.indkey)`,
    )
    expect(others).toEqual([])
  })

  test('partitions are read through their table alone, also those that are made later', async () => {
    const jobs = openClient(database.jobsUrl)
    const before = await names(`select relname as name from pg_class where relispartition and relkind = 'r'`)
    await jobs`select add_event_month(interval '1 year')`
    await jobs.end()
    const partitions = await names(
      `select oid::regclass::text as name from pg_class where relispartition and relkind = 'r'`,
    )
    expect(partitions).toHaveLength(before.length + 3)
    const rights = 'select, insert, update, delete, truncate, references, trigger, maintain'
    const open = await names(
      `select oid::regclass::text as name from pg_class where relispartition and relkind = 'r'
       and (has_table_privilege('app', oid, '${rights}') or has_any_column_privilege('app', oid, 'select, insert, update, references'))`,
    )
    expect(open).toEqual([])
    for (const name of partitions) await refused(`select from ${name}`)
  })

  test('statistics tell nothing of the rows that are hidden', async () => {
    const id = crypto.randomUUID()
    await database.db.withTenants([id], async (tx) => {
      await upsertTenant(tx, { id, name: 'Contoso', status: 'CONNECTED' })
      await resolveSubjects(
        tx,
        Array.from({ length: 200 }, (_, index) => ({
          tenantId: id,
          type: 'USER',
          role: 'ACTOR',
          attributes: { userPrincipalName: `user-${index % 3}@contoso.com` },
          aliases: [`user-${index}`],
        })),
      )
    })
    const owner = openClient(database.ownerUrl)
    await owner`analyze`
    const [counted] = await owner`select reltuples from pg_class where oid = 'subject'::regclass`
    await owner.end()
    expect(counted).toEqual({ reltuples: 200 })
    expect(
      await app`select distinct s.tablename from pg_stats s join pg_class c on c.relname = s.tablename
        where c.relnamespace = 'public'::regnamespace and (c.relrowsecurity or c.relispartition)`,
    ).toEqual([])
    await refused('select * from pg_statistic')
    expect(
      await names(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'S', 'f')`,
      ),
    ).toEqual([])
  })
})

describe('functions', () => {
  test('that run with the rights of the owner look names up where nobody else can put any, and are not for everybody', async () => {
    const faulty = await names(
      `select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname in ('public', 'work') and p.prosecdef and (
         not exists (select from unnest(p.proconfig) setting where setting ~ '^search_path=pg_catalog, (public, )?pg_temp$')
         or has_function_privilege('public', p.oid, 'execute'))`,
    )
    expect(faulty).toEqual([])
  })

  test('those of the serving role are these', async () => {
    expect(
      await names(
        `select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('public', 'work') and p.prosecdef and has_function_privilege('app', p.oid, 'execute') order by 1`,
      ),
    ).toEqual([
      'all_tenants',
      'audit_append_many',
      'enqueue',
      'forget_unnamed_subjects',
      'place_arrivals',
      'status_of_tenant',
    ])
  })
})

describe('the serving role', () => {
  test.each(['app', 'jobs'])('%s is nobody special, and can become nobody else', async (role) => {
    const [attributes] = await ownerSql(
      database,
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles where rolname = '${role}'`,
    )
    expect(Object.values(attributes ?? { none: true })).toEqual([false, false, false, false, false])
    expect(
      await names(
        `select rolname as name from pg_roles where rolname <> '${role}' and pg_has_role('${role}', oid, 'member')`,
      ),
    ).toEqual([])
  })

  test('owns nothing, and can make nothing but what its own session sees', async () => {
    expect(await names(`select oid::regclass::text as name from pg_class where relowner = 'app'::regrole`)).toEqual([])
    expect(await names(`select oid::regproc::text as name from pg_proc where proowner = 'app'::regrole`)).toEqual([])
    expect(
      await names(
        `select nspname as name from pg_namespace where has_schema_privilege('app', oid, 'create') and nspname !~ '^pg_temp'`,
      ),
    ).toEqual([])
    await refused('create table public.tenant_2 ()')
    await refused(
      `create function public.string_to_array(text, text) returns text[] language sql as 'select null::text[]'`,
    )
    await refused('create schema shadow')
    await refused(`create extension dblink`)
  })

  test('has these rights to tables', async () => {
    const rights = await ownerSql(
      database,
      `select c.relname as name, string_agg(a.privilege_type, ' ' order by a.privilege_type) as rights
       from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'public'::regnamespace and a.grantee = 'app'::regrole group by 1 order by 1`,
    )
    const beyond = (...allowed: string[]) =>
      rights
        .filter(({ rights: of }) =>
          String(of)
            .split(' ')
            .some((right) => !allowed.includes(right)),
        )
        .map(({ name }) => name)
    expect(beyond('SELECT', 'INSERT', 'UPDATE', 'DELETE')).toEqual([])
    // `audit_check` says when a trail was verified, and proves nothing.
    expect(rights.filter(({ name }) => String(name).startsWith('audit_'))).toEqual([
      { name: 'audit_check', rights: 'INSERT SELECT UPDATE' },
      { name: 'audit_entry', rights: 'SELECT' },
      { name: 'audit_head', rights: 'SELECT' },
      { name: 'audit_signed_head', rights: 'INSERT SELECT' },
    ])
    expect(
      await names(
        `select attrelid::regclass::text as name from pg_attribute where attacl is not null and attrelid >= 16384`,
      ),
    ).toEqual([])
  })

  test.each(['audit_entry', 'audit_head', 'audit_signed_head'])('cannot change, empty or replace %s', async (table) => {
    await refused(`update ${table} set hash = ''`)
    await refused(`delete from ${table}`)
    await refused(`truncate ${table}`)
    await refused(`drop table ${table}`)
    await refused(`alter table ${table} rename to gone`)
    await refused(`alter table ${table} disable trigger all`)
    await refused(
      `create trigger quiet before insert on ${table} for each row execute function suppress_redundant_updates_trigger()`,
    )
    await refused(`create rule quiet as on insert to ${table} do instead nothing`)
    if (table !== 'audit_signed_head') await refused(`insert into ${table} default values`)
  })

  test('cannot take the wall down', async () => {
    for (const role of ['owner', 'jobs', 'postgres', 'pg_read_all_data', 'pg_write_all_data'])
      await refused(`set role ${role}`)
    await refused('set session authorization owner')
    await refused('alter role app bypassrls')
    await refused('alter role app superuser')
    await refused('alter table tenant disable row level security')
    await refused('alter table tenant no force row level security')
    await refused('alter policy own_tenants_only on tenant using (true)')
    await refused('drop policy own_tenants_only on tenant')
    await refused('create policy all_of_them on tenant using (true)')
    await refused('set session_replication_role = replica')
    await refused(`copy tenant to program 'cat'`)
    await refused(`select pg_read_file('PG_VERSION')`)
    // Without row-level security a statement is refused rather than shown everything.
    const without = app.begin(async (tx) => {
      await tx`set local row_security = off`
      await tx`select from tenant`
    })
    await expect(without).rejects.toMatchObject({ code: '42501' })
  })

  test('sees nothing of the job queue, and nothing of the migrations but which there were', async () => {
    const tables = await names(
      `select oid::regclass::text as name from pg_class where relnamespace = 'graphile_worker'::regnamespace and relkind in ('r', 'v', 'p')`,
    )
    expect(tables.length).toBeGreaterThan(3)
    for (const table of tables) await refused(`select from ${table}`)
    await refused(`select graphile_worker.add_job('settle-run')`)
    await refused('delete from drizzle.__drizzle_migrations')
  })
})
