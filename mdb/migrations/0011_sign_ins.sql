CREATE TABLE "brakes" (
	"id" text PRIMARY KEY DEFAULT 'fleet' NOT NULL,
	"per_minute" integer DEFAULT 30 NOT NULL,
	"share" integer DEFAULT 50 NOT NULL,
	"share_floor" integer DEFAULT 5 NOT NULL,
	"window_minutes" integer DEFAULT 10 NOT NULL,
	"cool_minutes" integer DEFAULT 30 NOT NULL,
	"engaged_at" timestamp with time zone,
	"cool_until" timestamp with time zone,
	"reason" text,
	"engaged_by" text,
	"ticket_id" text,
	"counted_from" timestamp with time zone,
	"override_until" timestamp with time zone,
	"override_by" text,
	CONSTRAINT "brakes_one" CHECK ("brakes"."id" = 'fleet'),
	CONSTRAINT "brakes_limits" CHECK ("brakes"."per_minute" >= 1 and "brakes"."share" between 1 and 100 and "brakes"."share_floor" >= 1),
	CONSTRAINT "brakes_times" CHECK ("brakes"."window_minutes" between 1 and 1440 and "brakes"."cool_minutes" between 1 and 10080)
);
--> statement-breakpoint
CREATE TABLE "capacity_rules" (
	"scope" text NOT NULL,
	"name" text DEFAULT '*' NOT NULL,
	"least" integer NOT NULL,
	"unit" text NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "capacity_rules_scope_name_pk" PRIMARY KEY("scope","name"),
	CONSTRAINT "capacity_rules_least" CHECK ("capacity_rules"."least" >= 0 and ("capacity_rules"."unit" = 'count' or "capacity_rules"."least" <= 100)),
	CONSTRAINT "capacity_rules_fleet" CHECK ("capacity_rules"."scope" <> 'fleet' or "capacity_rules"."name" = '*')
);
--> statement-breakpoint
CREATE TABLE "sign_ins" (
	"machine_id" text NOT NULL,
	"origin" text NOT NULL,
	"version" text NOT NULL,
	"state" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sign_ins_machine_id_origin_version_pk" PRIMARY KEY("machine_id","origin","version")
);
--> statement-breakpoint
ALTER TABLE "bmcs" ADD COLUMN "quarantine_for" text;--> statement-breakpoint
ALTER TABLE "bmcs" ADD COLUMN "probe" jsonb;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "credential_salt" uuid DEFAULT gen_random_uuid() NOT NULL;--> statement-breakpoint
ALTER TABLE "sign_ins" ADD CONSTRAINT "sign_ins_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "state_history_departures" ON "state_history" USING btree ("at") WHERE guarded = 'op_state' and "from" = 'production';