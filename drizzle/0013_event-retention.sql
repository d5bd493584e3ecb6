-- The months that have partitions of their own.
create function event_months() returns setof timestamptz
language sql stable set search_path = pg_catalog, public, pg_temp
as $$
  select make_timestamptz(parts[1]::int, parts[2]::int, 1, 0, 0, 0, 'UTC')
  from pg_inherits join pg_class c on c.oid = inhrelid, regexp_match(c.relname, '_(\d{4})_(\d{2})$') parts
  where inhparent = 'security_event'::regclass and parts is not null
$$;
--> statement-breakpoint
-- From when on events are kept; null: all. Called by mistake it cannot take away what is new.
create function keep_events_from(moment timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '250ms'
as $$
begin
  if moment > now() - interval '1 day' then raise 'events of the last day are always kept'; end if;
  update event_retention set kept_from = date_trunc('month', moment, 'UTC')
  where kept_from is distinct from date_trunc('month', moment, 'UTC');
end
$$;
--> statement-breakpoint
-- Adds the next month unless there are enough ahead. What came too early for a month of its own moves into it. Readers and
-- importers wait a moment; where a long statement holds a table, this gives up instead of making others queue behind it.
create function add_event_month(ahead interval) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '250ms' set timezone = 'UTC'
as $$
declare
  month timestamptz;
  parent text;
  key text;
begin
  lock table event_retention in share row exclusive mode;
  select max(m) + interval '1 month' into month from event_months() m;
  if month > now() + ahead then return false; end if;
  lock table security_event, event_subject, event_record in access exclusive mode;
  foreach parent in array array['security_event', 'event_subject', 'event_record'] loop
    execute format('alter table %I detach partition %I', parent, parent || '_later');
  end loop;
  perform make_event_partitions(to_char(month, 'YYYY_MM'), month, month + interval '1 month');
  foreach parent in array array['security_event', 'event_subject', 'event_record'] loop
    key := case parent when 'event_subject' then 'event_id' else 'id' end;
    execute format('with moved as (delete from %I where %I < %L returning *) insert into %I select * from moved',
      parent || '_later', key, event_id_from(month + interval '1 month'), parent || to_char(month, '_YYYY_MM'));
    execute format('alter table %I attach partition %I for values from (%L) to (maxvalue)',
      parent, parent || '_later', event_id_from(month + interval '1 month'));
  end loop;
  return true;
end
$$;
--> statement-breakpoint
-- Drops the months that are wholly older than what is kept, and all before them: in one transaction, so that nobody sees
-- half of it. "Earlier" begins anew and reaches up to the first month: the partitions always cover every time.
create function drop_expired_event_months() returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '250ms' set timezone = 'UTC'
as $$
declare
  kept timestamptz;
  expired timestamptz[];
  month timestamptz;
  parent text;
begin
  lock table event_retention in share row exclusive mode;
  select kept_from into kept from event_retention;
  select array_agg(m order by m) into expired from event_months() m where m + interval '1 month' <= kept;
  if expired is null then return 0; end if;
  -- The tenant's table, too: a foreign key from the events to it goes.
  lock table security_event, event_subject, event_record, tenant in access exclusive mode;
  foreach parent in array array['security_event', 'event_subject', 'event_record'] loop
    execute format('drop table %I', parent || '_earlier');
    foreach month in array expired loop
      execute format('drop table %I', parent || to_char(month, '_YYYY_MM'));
    end loop;
  end loop;
  perform make_event_partitions('earlier', null, expired[array_upper(expired, 1)] + interval '1 month');
  return array_length(expired, 1);
end
$$;
--> statement-breakpoint
-- What is too old in "earlier" while that reaches into what is kept. At most so many rows of each table, to be called again
-- until there are none; locks nothing but these rows.
create function delete_expired_events(rows_max integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  kept uuid := (select event_id_from(kept_from) from event_retention);
  deleted integer;
  total integer := 0;
begin
  if kept is null then return 0; end if;
  delete from event_subject_earlier where ctid = any(array(select ctid from event_subject_earlier where event_id < kept limit rows_max));
  get diagnostics deleted = row_count; total := total + deleted;
  delete from event_record_earlier where ctid = any(array(select ctid from event_record_earlier where id < kept limit rows_max));
  get diagnostics deleted = row_count; total := total + deleted;
  delete from security_event_earlier where ctid = any(array(select ctid from security_event_earlier where id < kept limit rows_max));
  get diagnostics deleted = row_count; total := total + deleted;
  return total;
end
$$;
--> statement-breakpoint
-- Whether events have gone since subjects were last looked through, and the note that they were.
create function subjects_to_sweep() returns timestamptz
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select kept_from from event_retention where kept_from is not null and kept_from is distinct from subjects_swept_to $$;
--> statement-breakpoint
create function subjects_swept(kept timestamptz) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$ update event_retention set subjects_swept_to = kept $$;
--> statement-breakpoint
-- Subjects of a tenant that no event names any more, with their aliases. The caller holds the lock under which the tenant's
-- records are taken in.
create function forget_unnamed_subjects(tenant uuid) returns integer
language sql security definer set search_path = pg_catalog, public, pg_temp
as $$
  with gone as (
    delete from subject s where s.tenant_id = tenant and not exists (
      select from event_subject n where n.tenant_id = s.tenant_id and n.subject_id = coalesce(s.merged_into, s.id))
    returning s.tenant_id, s.id
  ), aliases as (
    delete from subject_alias a using gone where a.tenant_id = gone.tenant_id and a.subject_id = gone.id
  )
  select count(*)::integer from gone
$$;
--> statement-breakpoint
revoke all on function event_months(), keep_events_from(timestamptz), add_event_month(interval), drop_expired_event_months(),
  delete_expired_events(integer), subjects_to_sweep(), subjects_swept(timestamptz), forget_unnamed_subjects(uuid) from public;
--> statement-breakpoint
grant usage on schema public to jobs;
--> statement-breakpoint
-- Not to the serving role: it cannot make events disappear.
grant execute on function keep_events_from(timestamptz), add_event_month(interval), drop_expired_event_months(),
  delete_expired_events(integer), subjects_to_sweep(), subjects_swept(timestamptz) to jobs;
--> statement-breakpoint
grant execute on function forget_unnamed_subjects(uuid) to app;
