CREATE TABLE "drifts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"want" text NOT NULL,
	"have" text,
	"source" text,
	"note" text,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"unknown_since" timestamp with time zone,
	"resolved_at" timestamp with time zone,
	"campaign_id" text,
	"proposed_at" timestamp with time zone,
	CONSTRAINT "drifts_known" CHECK ("drifts"."have" is not null or "drifts"."unknown_since" is not null)
);
--> statement-breakpoint
CREATE TABLE "hardware_sheets" (
	"machine_id" text PRIMARY KEY NOT NULL,
	"host" jsonb NOT NULL,
	"controller" jsonb,
	"taken_at" timestamp with time zone DEFAULT now() NOT NULL,
	"taken_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reconciles" (
	"id" text PRIMARY KEY NOT NULL,
	"site_id" text NOT NULL,
	"began_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"summary" jsonb
);
--> statement-breakpoint
ALTER TABLE "controller_records" ADD COLUMN "settings_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "controller_records" ADD COLUMN "settings_error" text;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "skipped" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "profiles" ADD COLUMN "firmware" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "profiles" ADD COLUMN "hardware" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "pools" ADD COLUMN "reconcile" text DEFAULT 'observe' NOT NULL;--> statement-breakpoint
ALTER TABLE "pools" ADD COLUMN "reconcile_limits" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "drifts" ADD CONSTRAINT "drifts_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "drifts" ADD CONSTRAINT "drifts_campaign_id_campaigns_id_fk" FOREIGN KEY ("campaign_id") REFERENCES "public"."campaigns"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hardware_sheets" ADD CONSTRAINT "hardware_sheets_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reconciles" ADD CONSTRAINT "reconciles_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "drifts_open" ON "drifts" USING btree ("machine_id","kind","name") WHERE resolved_at is null;--> statement-breakpoint
CREATE INDEX "drifts_machine" ON "drifts" USING btree ("machine_id","id");--> statement-breakpoint
CREATE INDEX "drifts_campaign" ON "drifts" USING btree ("campaign_id");--> statement-breakpoint
CREATE INDEX "reconciles_site" ON "reconciles" USING btree ("site_id","began_at");