CREATE TABLE "oncall" (
	"team" text PRIMARY KEY NOT NULL,
	"people" text[] NOT NULL,
	"first" date NOT NULL,
	"days" integer DEFAULT 7 NOT NULL,
	"handover" text DEFAULT '09:00' NOT NULL,
	"zone" text DEFAULT 'UTC' NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "oncall_days" CHECK ("oncall"."days" between 1 and 366),
	CONSTRAINT "oncall_people" CHECK (cardinality("oncall"."people") > 0)
);
--> statement-breakpoint
CREATE TABLE "oncall_swaps" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"team" text NOT NULL,
	"person" text NOT NULL,
	"from" timestamp with time zone NOT NULL,
	"until" timestamp with time zone NOT NULL,
	"by" text NOT NULL,
	CONSTRAINT "oncall_swaps_order" CHECK ("oncall_swaps"."from" < "oncall_swaps"."until")
);
--> statement-breakpoint
CREATE TABLE "hook_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_mirrors" (
	"ticket_id" text PRIMARY KEY NOT NULL,
	"adapter" text NOT NULL,
	"secret_ref" text NOT NULL,
	"settings" jsonb NOT NULL,
	"role" text NOT NULL,
	"outside_id" text,
	"url" text,
	"tried_at" timestamp with time zone,
	"told" bigint DEFAULT 0 NOT NULL,
	"done_at" timestamp with time zone,
	"next_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticket_notes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"ticket_id" text NOT NULL,
	"key" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"by" text NOT NULL,
	"text" text NOT NULL,
	"origin" text NOT NULL,
	CONSTRAINT "ticket_notes_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "ticket_routes" (
	"site_id" text NOT NULL,
	"team" text NOT NULL,
	"adapter" text NOT NULL,
	"secret_ref" text NOT NULL,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"role" text DEFAULT 'operator' NOT NULL,
	CONSTRAINT "ticket_routes_site_id_team_pk" PRIMARY KEY("site_id","team")
);
--> statement-breakpoint
ALTER TABLE "pools" ALTER COLUMN "erase_others" SET DEFAULT '{"nvme":"nvme-format","ata":"ata-secure-erase","other":"overwrite"}'::jsonb;--> statement-breakpoint
ALTER TABLE "human_steps" ADD COLUMN "on_close" text;--> statement-breakpoint
ALTER TABLE "human_steps" ADD COLUMN "schema" jsonb;--> statement-breakpoint
ALTER TABLE "human_steps" ADD COLUMN "roles" text[] DEFAULT '{operator,admin}' NOT NULL;--> statement-breakpoint
ALTER TABLE "human_steps" ADD COLUMN "deadline_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "human_steps" ADD COLUMN "reminders" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "human_steps" ADD COLUMN "escalated_to" text;--> statement-breakpoint
ALTER TABLE "human_steps" ADD COLUMN "data" jsonb;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "owner" text DEFAULT 'operations' NOT NULL;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "closed_by" text;--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "closed_why" text;--> statement-breakpoint
ALTER TABLE "oncall_swaps" ADD CONSTRAINT "oncall_swaps_team_oncall_team_fk" FOREIGN KEY ("team") REFERENCES "public"."oncall"("team") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_mirrors" ADD CONSTRAINT "ticket_mirrors_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_notes" ADD CONSTRAINT "ticket_notes_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ticket_routes" ADD CONSTRAINT "ticket_routes_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "oncall_swaps_team" ON "oncall_swaps" USING btree ("team","until");--> statement-breakpoint
CREATE INDEX "hook_deliveries_at" ON "hook_deliveries" USING btree ("at");--> statement-breakpoint
CREATE INDEX "ticket_mirrors_due" ON "ticket_mirrors" USING btree ("next_at") WHERE done_at is null;--> statement-breakpoint
CREATE INDEX "ticket_mirrors_outside" ON "ticket_mirrors" USING btree ("secret_ref","outside_id");--> statement-breakpoint
CREATE INDEX "ticket_notes_ticket" ON "ticket_notes" USING btree ("ticket_id","id");