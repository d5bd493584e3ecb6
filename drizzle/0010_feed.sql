CREATE TABLE "feed" (
	"tenant_id" uuid NOT NULL,
	"content_type" text NOT NULL,
	"introduced_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"holder" uuid,
	"lease_ends_at" timestamp with time zone,
	"subscribed_at" timestamp with time zone,
	"listed_until" timestamp with time zone,
	"listed_at" timestamp with time zone,
	"looked_back_at" timestamp with time zone,
	"tended_at" timestamp with time zone,
	"received_at" timestamp with time zone,
	"fault" text,
	"fault_since" timestamp with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"blobs" bigint DEFAULT 0 NOT NULL,
	"events" bigint DEFAULT 0 NOT NULL,
	"merged" bigint DEFAULT 0 NOT NULL,
	"no_event" bigint DEFAULT 0 NOT NULL,
	"duplicates" bigint DEFAULT 0 NOT NULL,
	"unreadable" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "feed_pkey" PRIMARY KEY("tenant_id","content_type")
);
--> statement-breakpoint
ALTER TABLE "feed" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "feed_blob" (
	"tenant_id" uuid NOT NULL,
	"content_type" text NOT NULL,
	"content_id" text NOT NULL,
	"content_uri" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	CONSTRAINT "feed_blob_pkey" PRIMARY KEY("tenant_id","content_type","content_id")
);
--> statement-breakpoint
ALTER TABLE "feed_blob" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "feed_gap" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"content_type" text NOT NULL,
	"begins_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"why" text NOT NULL,
	"blobs" integer,
	"noticed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "feed_gap_pkey" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "feed_gap" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "feed" ADD CONSTRAINT "feed_tenant_id_tenant_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenant"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "feed_due" ON "feed" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "feed_blob_open" ON "feed_blob" USING btree ("tenant_id","content_type","created_at") WHERE settled_at is null;--> statement-breakpoint
CREATE INDEX "feed_blob_made" ON "feed_blob" USING btree ("tenant_id","content_type","created_at");--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "feed" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "feed_blob" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));--> statement-breakpoint
CREATE POLICY "own_tenants_only" ON "feed_gap" AS PERMISSIVE FOR ALL TO public USING (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)) WITH CHECK (tenant_id in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid));