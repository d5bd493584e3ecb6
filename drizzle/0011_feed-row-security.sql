-- Also for the owner, as for every other table of a tenant.
alter table feed force row level security;
--> statement-breakpoint
alter table feed_blob force row level security;
--> statement-breakpoint
alter table feed_gap force row level security;
--> statement-breakpoint
grant select, insert, update on feed to app;
--> statement-breakpoint
grant select, insert, update, delete on feed_blob to app;
--> statement-breakpoint
grant select, insert on feed_gap to app;
