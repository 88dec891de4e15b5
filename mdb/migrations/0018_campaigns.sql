CREATE TABLE "campaign_machines" (
	"campaign_id" text NOT NULL,
	"machine_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"batch" integer NOT NULL,
	"rack" text,
	"feed" text,
	"pool" text NOT NULL,
	"doubt" text,
	"state" text DEFAULT 'planned' NOT NULL,
	"order_id" text,
	"outcome" text,
	"ordered_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "campaign_machines_campaign_id_machine_id_pk" PRIMARY KEY("campaign_id","machine_id"),
	CONSTRAINT "campaign_machines_states" CHECK ("campaign_machines"."state" in ('planned', 'ordered', 'done', 'failed', 'skipped', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "campaigns" (
	"id" text PRIMARY KEY NOT NULL,
	"selector" text NOT NULL,
	"passage" "passage" NOT NULL,
	"request" jsonb NOT NULL,
	"class" "order_class",
	"reason" text NOT NULL,
	"requester" text NOT NULL,
	"pace" jsonb NOT NULL,
	"limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"groups" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"halt_at" integer NOT NULL,
	"hash" text NOT NULL,
	"state" text DEFAULT 'planned' NOT NULL,
	"why" text,
	"paused_by" text,
	"ticket_id" text,
	"forgiven" integer DEFAULT 0 NOT NULL,
	"soak_from" timestamp with time zone,
	"soaked_at" timestamp with time zone,
	"stops" boolean DEFAULT false NOT NULL,
	"started_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "campaigns_halt" CHECK ("campaigns"."halt_at" >= 1),
	CONSTRAINT "campaigns_states" CHECK ("campaigns"."state" in ('planned', 'running', 'paused', 'cancelling', 'done', 'cancelled'))
);
--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "campaign_id" text;--> statement-breakpoint
ALTER TABLE "campaign_machines" ADD CONSTRAINT "campaign_machines_campaign_id_campaigns_id_fk" FOREIGN KEY ("campaign_id") REFERENCES "public"."campaigns"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "campaign_machines" ADD CONSTRAINT "campaign_machines_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "campaign_machines_next" ON "campaign_machines" USING btree ("campaign_id","state","batch","ordinal");--> statement-breakpoint
CREATE INDEX "campaigns_created" ON "campaigns" USING btree ("created_at");--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_campaign_id_campaigns_id_fk" FOREIGN KEY ("campaign_id") REFERENCES "public"."campaigns"("id") ON DELETE no action ON UPDATE no action;