CREATE TABLE "event_retention" (
	"only_row" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"kept_from" timestamp with time zone,
	"subjects_swept_to" timestamp with time zone,
	CONSTRAINT "event_retention_one_row" CHECK ("event_retention"."only_row")
);
--> statement-breakpoint
INSERT INTO "event_retention" DEFAULT VALUES;
--> statement-breakpoint
GRANT SELECT ON "event_retention" TO app;
--> statement-breakpoint
-- The lowest id of a moment: ids begin with the milliseconds since 1970.
create function event_id_from(moment timestamptz) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
as $$ select (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;
--> statement-breakpoint
-- A partition of each of the three tables that are cut at the same moments: events, who they name, the records taken in.
-- Null stands for an open end.
create function make_event_partitions(suffix text, lower timestamptz, upper timestamptz) returns void
language plpgsql set search_path = pg_catalog, public, pg_temp
as $$
declare
  parent text;
begin
  foreach parent in array array['security_event', 'event_subject', 'event_record'] loop
    execute format('create table public.%I partition of public.%I for values from (%s) to (%s)', parent || '_' || suffix, parent,
      coalesce(quote_literal(event_id_from(lower)), 'minvalue'), coalesce(quote_literal(event_id_from(upper)), 'maxvalue'));
  end loop;
end
$$;
--> statement-breakpoint
revoke all on function make_event_partitions(text, timestamptz, timestamptz) from public;
--> statement-breakpoint
-- What is there already moves: the owner must see all of it.
ALTER TABLE security_event NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE event_subject NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE event_record NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE event_subject RENAME TO event_subject_before;--> statement-breakpoint
ALTER TABLE event_subject_before RENAME CONSTRAINT event_subject_pkey TO event_subject_before_pkey;--> statement-breakpoint
ALTER TABLE event_record RENAME TO event_record_before;--> statement-breakpoint
ALTER TABLE event_record_before RENAME CONSTRAINT event_record_pkey TO event_record_before_pkey;--> statement-breakpoint
CREATE TABLE "event_subject" (
	"tenant_id" uuid NOT NULL,
	"subject_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	CONSTRAINT "event_subject_pkey" PRIMARY KEY("tenant_id","subject_id","event_id")
) PARTITION BY RANGE ("event_id");
--> statement-breakpoint
CREATE TABLE "event_record" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"event_id" uuid,
	"record_id" text,
	CONSTRAINT "event_record_pkey" PRIMARY KEY("tenant_id","id")
) PARTITION BY RANGE ("id");
--> statement-breakpoint
ALTER TABLE "event_subject" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "event_record" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "event_subject" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "event_record" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE INDEX "event_record_source" ON "event_record" USING btree ("record_id","tenant_id") WHERE record_id is not null;--> statement-breakpoint
DROP INDEX "security_event_newest";--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "event_subject" TO app;--> statement-breakpoint
GRANT SELECT, INSERT ON "event_record" TO app;--> statement-breakpoint
-- A partition for each month from a year ago (or from the oldest event, three years ago at most) to three months ahead. The
-- first and the last have open ends instead of a DEFAULT partition: with a default one Postgres would have to merge all
-- partitions for "newest first", without it reads them one after another and stops when the page is full.
do $$
declare
  this_month timestamptz := date_trunc('month', now(), 'UTC');
  oldest uuid := (select id from security_event order by id limit 1);
  month timestamptz;
  old name;
  olds name[] := array(select inhrelid::regclass::name from pg_inherits where inhparent = 'security_event'::regclass);
begin
  -- Months of UTC, whatever the session's time zone is.
  set local timezone = 'UTC';
  month := this_month - interval '1 year';
  while oldest < event_id_from(month) and month > this_month - interval '3 years' loop
    month := month - interval '1 month';
  end loop;
  foreach old in array olds loop
    execute format('alter table security_event detach partition %I', old);
  end loop;
  perform make_event_partitions('earlier', null, month);
  while month <= this_month + interval '3 months' loop
    perform make_event_partitions(to_char(month, 'YYYY_MM'), month, month + interval '1 month');
    month := month + interval '1 month';
  end loop;
  perform make_event_partitions('later', month, null);
  foreach old in array olds loop
    execute format('insert into security_event select * from %I', old);
    execute format('drop table %I', old);
  end loop;
  reset timezone;
end
$$;
--> statement-breakpoint
INSERT INTO event_subject SELECT tenant_id, subject_id, event_id FROM event_subject_before;--> statement-breakpoint
-- A record that made an event has the event's id. The time of the others is not known any more: those of an event get the
-- event's time and the rest the present, so that they last as long. Brought in again they change nothing, but count again.
INSERT INTO event_record (tenant_id, id, event_id, record_id)
SELECT tenant_id,
	encode(substring(uuid_send(coalesce(event_id, event_id_from(now()))) for 6)
		|| set_byte(set_byte(own, 0, get_byte(own, 0) & 15 | 112), 2, get_byte(own, 2) & 63 | 128), 'hex')::uuid,
	event_id,
	case when event_id is not null and record_id <> '' then record_id end
FROM event_record_before, lateral (
	SELECT substring(sha256(convert_to(tenant_id || E'\n' || record_id || E'\n' || encode(record_hash, 'hex'), 'UTF8')) from 7 for 10)
) digest(own);--> statement-breakpoint
CREATE INDEX "security_event_type" ON "security_event" USING btree ("tenant_id","type","severity","id");--> statement-breakpoint
CREATE INDEX "security_event_severity" ON "security_event" USING btree ("tenant_id","severity","id") WHERE severity <> 'INFORMATIONAL';--> statement-breakpoint
CREATE INDEX "security_event_newest" ON "security_event" USING btree ("id","tenant_id");--> statement-breakpoint
CREATE INDEX "security_event_newest_type" ON "security_event" USING btree ("type","severity","id","tenant_id");--> statement-breakpoint
CREATE INDEX "security_event_newest_severity" ON "security_event" USING btree ("severity","id","tenant_id") WHERE severity <> 'INFORMATIONAL';--> statement-breakpoint
DROP TABLE event_subject_before;--> statement-breakpoint
DROP TABLE event_record_before;--> statement-breakpoint
ALTER TABLE security_event FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE event_subject FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE event_record FORCE ROW LEVEL SECURITY;
