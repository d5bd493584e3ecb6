-- Counted anew after a crash; without the log, counting costs no write to disk.
alter table rate_limit set unlogged;
--> statement-breakpoint
grant select, insert, update on rate_limit to app;
