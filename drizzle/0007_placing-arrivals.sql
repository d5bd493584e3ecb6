alter table event_arrival force row level security;
--> statement-breakpoint
insert into arrival_head (place) values (0);
--> statement-breakpoint
-- Places are given for all tenants at once, by the function below alone.
create policy owner_places_all on event_arrival to current_user using (true) with check (true);
--> statement-breakpoint
-- Gives the next places to arrivals that are visible by now and have none, and answers the place given last. Givers wait for
-- each other at the head until they have committed, so whoever sees a place sees all below it. A transaction that is still
-- open holds nobody up: its arrivals get later places.
create function place_arrivals(placed_max integer, out head bigint, out placed integer)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  placed := 0;
  if exists (select from event_arrival where place is null) then
    perform from arrival_head for update;
    with waiting as (
      select tenant_id, event_id, row_number() over (order by arrived_at, event_id) as nth
      from event_arrival where place is null order by arrived_at, event_id limit placed_max
    ), given as (
      update event_arrival a set place = (select h.place from arrival_head h) + w.nth
      from waiting w where a.tenant_id = w.tenant_id and a.event_id = w.event_id
      returning 1
    )
    select count(*) into placed from given;
    if placed > 0 then update arrival_head set place = place + placed; end if;
  end if;
  select h.place into head from arrival_head h;
end
$$;
--> statement-breakpoint
revoke all on function place_arrivals(integer) from public;
--> statement-breakpoint
grant execute on function place_arrivals(integer) to app;
--> statement-breakpoint
grant select, insert, delete on event_arrival to app;
