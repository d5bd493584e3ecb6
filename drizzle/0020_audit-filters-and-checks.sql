CREATE TABLE "audit_check" (
	"tenant_id" uuid PRIMARY KEY NOT NULL,
	"verified_at" timestamp with time zone,
	"fault_seq" bigint,
	"fault_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "audit_check" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "audit_entry" ADD COLUMN "operator_id" text GENERATED ALWAYS AS (operator ->> 'id') STORED;--> statement-breakpoint
CREATE INDEX "audit_entry_subject" ON "audit_entry" USING btree ("tenant_id","subject_id","seq") WHERE subject_id is not null;--> statement-breakpoint
CREATE INDEX "audit_entry_kind" ON "audit_entry" USING btree ("tenant_id","kind","seq") WHERE kind is not null;--> statement-breakpoint
CREATE INDEX "audit_entry_name" ON "audit_entry" USING btree ("tenant_id","name","seq");--> statement-breakpoint
CREATE INDEX "audit_entry_operator" ON "audit_entry" USING btree ("tenant_id","operator_id","seq") WHERE operator_id is not null;--> statement-breakpoint
CREATE INDEX "audit_entry_at" ON "audit_entry" USING btree ("tenant_id","at","seq");--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "audit_check" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));