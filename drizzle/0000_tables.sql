CREATE TABLE "access_grant" (
	"id" uuid PRIMARY KEY NOT NULL,
	"operator_id" uuid,
	"partner_id" uuid,
	"tenant_id" uuid NOT NULL,
	"roles" text[] NOT NULL,
	"granted_by" text NOT NULL,
	"granted_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "access_grant_one_grantee" CHECK (num_nonnulls("access_grant"."operator_id", "access_grant"."partner_id") = 1)
);
--> statement-breakpoint
CREATE TABLE "api_key" (
	"id" uuid PRIMARY KEY NOT NULL,
	"operator_id" uuid NOT NULL,
	"name" text NOT NULL,
	"hash" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"last_four" text NOT NULL,
	CONSTRAINT "api_key_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "audit_entry" (
	"tenant_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"name" text NOT NULL,
	"operator" jsonb,
	"event_id" uuid,
	"run_id" uuid,
	"kind" text,
	"subject_id" uuid,
	"details" jsonb NOT NULL,
	"previous_hash" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_entry_pkey" PRIMARY KEY("tenant_id","seq")
);
--> statement-breakpoint
ALTER TABLE "audit_entry" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_head" (
	"tenant_id" uuid PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" "bytea" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "audit_head" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "event_record" (
	"tenant_id" uuid NOT NULL,
	"record_id" text NOT NULL,
	"record_hash" "bytea" NOT NULL,
	"event_id" uuid,
	CONSTRAINT "event_record_pkey" PRIMARY KEY("tenant_id","record_id","record_hash")
);
--> statement-breakpoint
ALTER TABLE "event_record" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "event_subject" (
	"tenant_id" uuid NOT NULL,
	"subject_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	CONSTRAINT "event_subject_pkey" PRIMARY KEY("tenant_id","subject_id","event_id")
);
--> statement-breakpoint
ALTER TABLE "event_subject" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "lease" (
	"tenant_id" uuid NOT NULL,
	"key" text NOT NULL,
	"run_id" uuid NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "lease_pkey" PRIMARY KEY("tenant_id","key")
);
--> statement-breakpoint
ALTER TABLE "lease" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "operator" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"tenant_id" uuid,
	"external_id" text NOT NULL,
	"partner_id" uuid,
	"display_name" text NOT NULL,
	"email" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "operator_identity" UNIQUE NULLS NOT DISTINCT("kind","tenant_id","external_id")
);
--> statement-breakpoint
CREATE TABLE "partner" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"entra_tenant_id" uuid NOT NULL,
	CONSTRAINT "partner_entra_tenant_id_unique" UNIQUE("entra_tenant_id")
);
--> statement-breakpoint
CREATE TABLE "remediation_run" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"group_name" text NOT NULL,
	"operator_id" uuid NOT NULL,
	"operator" jsonb NOT NULL,
	"idempotency_key" text NOT NULL,
	"input_hash" "bytea" NOT NULL,
	"status" text NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "remediation_run_pkey" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "remediation_run_idempotency" UNIQUE("tenant_id","operator_id","idempotency_key")
);
--> statement-breakpoint
ALTER TABLE "remediation_run" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "remediation_step" (
	"tenant_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"kind" text NOT NULL,
	"subject" jsonb NOT NULL,
	"state" text NOT NULL,
	"code" text,
	"message" text,
	"remedy" text,
	"retryable" boolean,
	"upstream_request_id" text,
	"evidence" jsonb,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "remediation_step_pkey" PRIMARY KEY("tenant_id","run_id","position")
);
--> statement-breakpoint
ALTER TABLE "remediation_step" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "security_event" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"type" text NOT NULL,
	"severity" text NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"techniques" text[] NOT NULL,
	"reasons" text[] NOT NULL,
	"source" text NOT NULL,
	"subjects" jsonb NOT NULL,
	"action_key" text,
	"rank" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "security_event_pkey" PRIMARY KEY("tenant_id","id")
) PARTITION BY RANGE ("id");
--> statement-breakpoint
ALTER TABLE "security_event" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "subject" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"type" text NOT NULL,
	"attributes" jsonb NOT NULL,
	"merged_into" uuid,
	CONSTRAINT "subject_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "subject" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "subject_alias" (
	"tenant_id" uuid NOT NULL,
	"type" text NOT NULL,
	"alias" text NOT NULL,
	"subject_id" uuid NOT NULL,
	CONSTRAINT "subject_alias_pkey" PRIMARY KEY("tenant_id","type","alias")
);
--> statement-breakpoint
ALTER TABLE "subject_alias" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tenant" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"status_changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tenant" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "access_grant" ADD CONSTRAINT "access_grant_operator_id_operator_id_fk" FOREIGN KEY ("operator_id") REFERENCES "public"."operator"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "access_grant" ADD CONSTRAINT "access_grant_partner_id_partner_id_fk" FOREIGN KEY ("partner_id") REFERENCES "public"."partner"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_operator_id_operator_id_fk" FOREIGN KEY ("operator_id") REFERENCES "public"."operator"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operator" ADD CONSTRAINT "operator_partner_id_partner_id_fk" FOREIGN KEY ("partner_id") REFERENCES "public"."partner"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "security_event" ADD CONSTRAINT "security_event_tenant_id_tenant_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenant"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subject" ADD CONSTRAINT "subject_tenant_id_tenant_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenant"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "access_grant_operator_now" ON "access_grant" USING btree ("operator_id","tenant_id") WHERE revoked_at is null and operator_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "access_grant_partner_now" ON "access_grant" USING btree ("partner_id","tenant_id") WHERE revoked_at is null and partner_id is not null;--> statement-breakpoint
CREATE INDEX "audit_entry_event" ON "audit_entry" USING btree ("tenant_id","event_id","seq") WHERE event_id is not null;--> statement-breakpoint
CREATE INDEX "audit_entry_run" ON "audit_entry" USING btree ("tenant_id","run_id","seq") WHERE run_id is not null;--> statement-breakpoint
CREATE INDEX "lease_run" ON "lease" USING btree ("tenant_id","run_id");--> statement-breakpoint
CREATE INDEX "remediation_run_event" ON "remediation_run" USING btree ("tenant_id","event_id");--> statement-breakpoint
CREATE INDEX "remediation_run_open" ON "remediation_run" USING btree ("tenant_id","requested_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "security_event_newest" ON "security_event" USING btree ("id");--> statement-breakpoint
CREATE INDEX "security_event_action" ON "security_event" USING btree ("tenant_id","action_key","occurred_at") WHERE action_key is not null;--> statement-breakpoint
CREATE INDEX "subject_merged" ON "subject" USING btree ("tenant_id","merged_into") WHERE merged_into is not null;--> statement-breakpoint
CREATE INDEX "subject_alias_subject" ON "subject_alias" USING btree ("tenant_id","subject_id");--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "audit_entry" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "audit_head" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "event_record" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "event_subject" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "lease" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "remediation_run" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "remediation_step" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "security_event" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "subject" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "subject_alias" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "tenant" AS PERMISSIVE FOR ALL TO public USING (id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));