create function audit_link(so_far bytea, head bytea, canonical bytea) returns bytea
language sql immutable
return sha256(coalesce(so_far, head) || canonical);
--> statement-breakpoint
-- The hash of each entry of a chain that goes on after `head`.
create aggregate audit_chain(head bytea, canonical bytea) (sfunc = audit_link, stype = bytea);
--> statement-breakpoint
revoke all on function audit_link(bytea, bytea, bytea), audit_chain(bytea, bytea) from public;
--> statement-breakpoint
-- The only way into the audit trail, as before, but all entries at once instead of one after another. Heads are locked in the order of
-- tenants, so that two callers never wait for each other; entries of a tenant are chained in the order given. Times never go
-- back along a trail, and never lie ahead of the database's own clock. Plans are kept by a connection, also from when there were few
-- entries: without these settings they would look through a whole trail for its end, or through all heads, or be made each time.
-- Heads are made only where one is missing.
create or replace function audit_append_many(entries jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_sort = off
as $$
declare
  allowed uuid[] := string_to_array(current_setting('app.tenants', true), ',')::uuid[];
  tenants uuid[];
  clock timestamptz;
begin
  select array_agg(distinct (value ->> 'tenant_id')::uuid order by (value ->> 'tenant_id')::uuid) into tenants
  from jsonb_array_elements(entries);
  if tenants is null then return; end if;
  if array_position(tenants, null) is not null or not coalesce(tenants <@ allowed, false) then
    raise insufficient_privilege using message = 'audit entries of a tenant that the transaction was not opened with';
  end if;

  if (select count(*) from audit_head where tenant_id = any(tenants)) < cardinality(tenants) then
    insert into audit_head (tenant_id, seq, hash)
    select id, 0, decode(repeat('00', 32), 'hex') from unnest(tenants) id order by id
    on conflict (tenant_id) do nothing;
  end if;
  perform from audit_head where tenant_id = any(tenants) order by tenant_id for update;
  -- Read when the heads are held: whoever held them before may have waited long.
  clock := clock_timestamp();

  with heads as materialized (
    select head.tenant_id, head.seq, head.hash, last.at
    from audit_head head
    left join lateral (
      select at from audit_entry where tenant_id = head.tenant_id order by at desc, seq desc limit 1
    ) last on true
    where head.tenant_id = any(tenants)
  ), placed as (
    select head.tenant_id, head.seq + row_number() over trail as seq,
      greatest(head.at, max(least(given.at, clock)) over trail) as at, given.name, given.operator, given.event_id, given.run_id,
      given.kind, given.subject_id, coalesce(given.details, '{}') as details, head.hash as head_hash
    from rows from (jsonb_to_recordset(entries) as (
        tenant_id uuid, name text, at timestamptz, operator jsonb, event_id uuid, run_id uuid, kind text, subject_id uuid,
        details jsonb))
      with ordinality given (tenant_id, name, at, operator, event_id, run_id, kind, subject_id, details, position)
    join heads head on head.tenant_id = given.tenant_id
    window trail as (partition by head.tenant_id order by given.position rows unbounded preceding)
  ), chained as (
    -- Each field (`audit_fields`) with its length in bytes, so that no text can pass for two fields.
    select *, audit_chain(head_hash, convert_to(concat_ws(',',
        coalesce(octet_length(convert_to(tenant_id::text, 'UTF8')) || ':' || tenant_id, '-'),
        coalesce(octet_length(convert_to(seq::text, 'UTF8')) || ':' || seq, '-'),
        coalesce('27:' || to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '-'),
        coalesce(octet_length(convert_to(name, 'UTF8')) || ':' || name, '-'),
        coalesce(octet_length(convert_to(operator::text, 'UTF8')) || ':' || operator, '-'),
        coalesce(octet_length(convert_to(event_id::text, 'UTF8')) || ':' || event_id, '-'),
        coalesce(octet_length(convert_to(run_id::text, 'UTF8')) || ':' || run_id, '-'),
        coalesce(octet_length(convert_to(kind, 'UTF8')) || ':' || kind, '-'),
        coalesce(octet_length(convert_to(subject_id::text, 'UTF8')) || ':' || subject_id, '-'),
        coalesce(octet_length(convert_to(details::text, 'UTF8')) || ':' || details, '-')
      ), 'UTF8')) over (partition by tenant_id order by seq rows unbounded preceding) as hash
    from placed
  ), added as (
    insert into audit_entry
      (tenant_id, seq, at, name, operator, event_id, run_id, kind, subject_id, details, previous_hash, hash)
    select tenant_id, seq, at, name, operator, event_id, run_id, kind, subject_id, details,
      coalesce(lag(hash) over (partition by tenant_id order by seq), head_hash), hash
    from chained
    returning tenant_id, seq, hash
  )
  update audit_head head set seq = newest.seq, hash = newest.hash
  from (select distinct on (tenant_id) tenant_id, seq, hash from added order by tenant_id, seq desc) newest
  where head.tenant_id = newest.tenant_id;
end
$$;
