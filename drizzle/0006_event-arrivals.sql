CREATE TABLE "arrival_head" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"place" bigint NOT NULL,
	CONSTRAINT "arrival_head_one_row" CHECK ("arrival_head"."only")
);
--> statement-breakpoint
CREATE TABLE "event_arrival" (
	"tenant_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"place" bigint,
	"arrived_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "event_arrival_pkey" PRIMARY KEY("tenant_id","event_id")
);
--> statement-breakpoint
ALTER TABLE "event_arrival" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "event_arrival_placed" ON "event_arrival" USING btree ("tenant_id","place") WHERE place is not null;--> statement-breakpoint
CREATE INDEX "event_arrival_waiting" ON "event_arrival" USING btree ("arrived_at") WHERE place is null;--> statement-breakpoint
CREATE INDEX "event_arrival_age" ON "event_arrival" USING btree ("tenant_id","arrived_at");--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "event_arrival" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));