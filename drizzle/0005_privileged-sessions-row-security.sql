-- Also for the owner, as for every other table of a tenant.
alter table privileged_session force row level security;
--> statement-breakpoint
alter table used_state force row level security;
--> statement-breakpoint
grant select, insert, update on privileged_session to app;
--> statement-breakpoint
grant select, insert, delete on used_state to app;
