CREATE TABLE "permit_groups" (
	"operation" text PRIMARY KEY NOT NULL,
	"tags" text[] NOT NULL,
	"updated_by" text NOT NULL,
	"reason" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "permit_groups_bound" CHECK (cardinality("permit_groups"."tags") <= 8)
);
--> statement-breakpoint
CREATE TABLE "processes" (
	"name" text NOT NULL,
	"site_id" text NOT NULL,
	"instance" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"clock_ahead" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "processes_name_site_id_instance_pk" PRIMARY KEY("name","site_id","instance"),
	CONSTRAINT "processes_name" CHECK ("processes"."name" <> '')
);
--> statement-breakpoint
ALTER TABLE "campaigns" ADD COLUMN "requester_class" "actor_class" DEFAULT 'user' NOT NULL;--> statement-breakpoint
ALTER TABLE "campaigns" ADD COLUMN "started_class" "actor_class";--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "requester_class" "actor_class" DEFAULT 'user' NOT NULL;--> statement-breakpoint
ALTER TABLE "racks" ADD COLUMN "tags" jsonb DEFAULT '{}'::jsonb NOT NULL;