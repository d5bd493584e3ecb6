CREATE TABLE "privileged_session" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"operator_id" uuid NOT NULL,
	"administrator" jsonb NOT NULL,
	"roles" text[] NOT NULL,
	"sealed_token" text,
	"code_hash" "bytea",
	"wrong_codes" integer DEFAULT 0 NOT NULL,
	"signed_in_at" timestamp with time zone NOT NULL,
	"code_expires_at" timestamp with time zone NOT NULL,
	"confirmed_at" timestamp with time zone,
	"expires_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ending" text,
	CONSTRAINT "privileged_session_pkey" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "privileged_session_token_while_open" CHECK (("privileged_session"."ended_at" is null) = ("privileged_session"."sealed_token" is not null) and ("privileged_session"."ended_at" is null) = ("privileged_session"."ending" is null))
);
--> statement-breakpoint
ALTER TABLE "privileged_session" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "used_state" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "used_state_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "used_state" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "privileged_session_open" ON "privileged_session" USING btree ("tenant_id","operator_id") WHERE ended_at is null;--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "privileged_session" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "used_state" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));