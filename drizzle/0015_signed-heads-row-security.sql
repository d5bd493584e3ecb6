alter table audit_signed_head force row level security;
--> statement-breakpoint
grant select, insert on audit_signed_head to app;
