CREATE TABLE "tenant_snapshot" (
	"tenant_id" uuid PRIMARY KEY NOT NULL,
	"domains" text[] NOT NULL,
	"own_app_id" text NOT NULL,
	"own_service_principal_id" text,
	"read_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tenant_snapshot" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "tenant_snapshot" ADD CONSTRAINT "tenant_snapshot_tenant_id_tenant_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenant"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "tenant_snapshot" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));