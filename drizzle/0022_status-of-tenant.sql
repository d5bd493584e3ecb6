-- Whether the roles in a caller's token count, before it is known what the caller may see. Callers themselves are told nothing of it.
create function status_of_tenant(asked uuid) returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$ select status from tenant where id = asked $$;
--> statement-breakpoint
revoke all on function status_of_tenant(uuid) from public;
--> statement-breakpoint
grant execute on function status_of_tenant(uuid) to app;
