-- Also for the owner, as for every other table of a tenant.
alter table audit_check force row level security;
--> statement-breakpoint
grant select, insert, update on audit_check to app;
--> statement-breakpoint
-- The only way into the audit trail. Heads are locked in the order of tenants, so that two callers never wait for each
-- other; entries of a tenant are chained in the order given. Times never go back along a trail, and never lie ahead of the
-- database's own clock: so a range of times is one of entries, however the clocks of gateways differ.
create or replace function audit_append_many(entries jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  allowed uuid[] := string_to_array(current_setting('app.tenants', true), ',')::uuid[];
  tenants uuid[];
  given record;
  head audit_head;
  entry audit_entry;
  canonical text;
  last_at timestamptz;
begin
  select array_agg(distinct (value ->> 'tenant_id')::uuid order by (value ->> 'tenant_id')::uuid) into tenants
  from jsonb_array_elements(entries);
  if tenants is null then return; end if;
  if array_position(tenants, null) is not null or not coalesce(tenants <@ allowed, false) then
    raise insufficient_privilege using message = 'audit entries of a tenant that the transaction was not opened with';
  end if;

  insert into audit_head (tenant_id, seq, hash)
  select id, 0, decode(repeat('00', 32), 'hex') from unnest(tenants) id order by id
  on conflict (tenant_id) do nothing;
  perform from audit_head where tenant_id = any(tenants) order by tenant_id for update;

  for given in
    select (value ->> 'tenant_id')::uuid as tenant_id, value, position
    from jsonb_array_elements(entries) with ordinality e(value, position)
    order by 1, 3
  loop
    if head.tenant_id is distinct from given.tenant_id then
      if head.tenant_id is not null then
        update audit_head set seq = head.seq, hash = head.hash where tenant_id = head.tenant_id;
      end if;
      select * into strict head from audit_head where tenant_id = given.tenant_id;
      select at into last_at from audit_entry where tenant_id = head.tenant_id and seq = head.seq;
    end if;
    entry.tenant_id := given.tenant_id;
    entry.seq := head.seq + 1;
    entry.at := greatest(last_at, least((given.value ->> 'at')::timestamptz, clock_timestamp()));
    entry.name := given.value ->> 'name';
    entry.operator := nullif(given.value -> 'operator', 'null'::jsonb);
    entry.event_id := (given.value ->> 'event_id')::uuid;
    entry.run_id := (given.value ->> 'run_id')::uuid;
    entry.kind := given.value ->> 'kind';
    entry.subject_id := (given.value ->> 'subject_id')::uuid;
    entry.details := coalesce(given.value -> 'details', '{}'::jsonb);
    entry.previous_hash := head.hash;
    -- Each field with its length in bytes, so that no text can pass for two fields.
    select string_agg(coalesce(octet_length(convert_to(field, 'UTF8')) || ':' || field, '-'), ',' order by position)
    into canonical from unnest(audit_fields(entry)) with ordinality f(field, position);
    entry.hash := sha256(head.hash || convert_to(canonical, 'UTF8'));
    insert into audit_entry
      (tenant_id, seq, at, name, operator, event_id, run_id, kind, subject_id, details, previous_hash, hash)
    values
      (entry.tenant_id, entry.seq, entry.at, entry.name, entry.operator, entry.event_id, entry.run_id, entry.kind,
       entry.subject_id, entry.details, entry.previous_hash, entry.hash);
    last_at := entry.at;
    head.seq := entry.seq;
    head.hash := entry.hash;
  end loop;
  update audit_head set seq = head.seq, hash = head.hash where tenant_id = head.tenant_id;
end
$$;
