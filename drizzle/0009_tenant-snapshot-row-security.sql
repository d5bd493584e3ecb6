-- Also for the owner, as for every other table of a tenant.
alter table tenant_snapshot force row level security;
--> statement-breakpoint
grant select, insert, update on tenant_snapshot to app;
