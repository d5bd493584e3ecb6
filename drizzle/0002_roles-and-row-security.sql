-- Three roles: the owner runs migrations, "app" serves (under row-level security, and without a right to change or remove
-- audit entries), "jobs" owns the job queue. Where roles exist already, with their passwords, they are taken as they are.
do $$
begin
  if not exists (select from pg_roles where rolname = 'app') then create role app nologin; end if;
  if not exists (select from pg_roles where rolname = 'jobs') then create role jobs nologin; end if;
  -- The queue's schema is made by the role that owns it, after these migrations.
  execute format('grant create on database %I to jobs', current_database());
end
$$;
--> statement-breakpoint
-- Also for the owner: its own functions see no more than the tenants of the transaction that calls them.
alter table tenant force row level security;
--> statement-breakpoint
alter table security_event force row level security;
--> statement-breakpoint
alter table event_subject force row level security;
--> statement-breakpoint
alter table event_record force row level security;
--> statement-breakpoint
alter table subject force row level security;
--> statement-breakpoint
alter table subject_alias force row level security;
--> statement-breakpoint
alter table remediation_run force row level security;
--> statement-breakpoint
alter table remediation_step force row level security;
--> statement-breakpoint
alter table lease force row level security;
--> statement-breakpoint
alter table audit_entry force row level security;
--> statement-breakpoint
alter table audit_head force row level security;
--> statement-breakpoint
create policy owner_lists_all on tenant for select to current_user using (true);
--> statement-breakpoint
-- Tenants by name for the command line and for background work, which then opens each tenant by itself.
create function all_tenants() returns table (id uuid, name text, status text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select id, name, status from tenant $$;
--> statement-breakpoint
revoke all on function all_tenants() from public;
--> statement-breakpoint
grant usage on schema public, drizzle to app;
--> statement-breakpoint
grant select on drizzle.__drizzle_migrations to app;
--> statement-breakpoint
grant execute on function all_tenants() to app;
--> statement-breakpoint
grant select, insert, update on tenant, partner, operator, api_key, access_grant to app;
--> statement-breakpoint
grant select, insert, update on security_event, subject, subject_alias, remediation_run, remediation_step to app;
--> statement-breakpoint
grant select, insert on event_record to app;
--> statement-breakpoint
grant select, insert, update, delete on event_subject, lease to app;
--> statement-breakpoint
grant select on audit_entry, audit_head to app;
