CREATE TABLE "permits" (
	"id" text PRIMARY KEY NOT NULL,
	"semaphore" text NOT NULL,
	"machine_id" text NOT NULL,
	"class" "order_class" NOT NULL,
	"workflow_id" text,
	"order_id" text,
	"state" text DEFAULT 'waiting' NOT NULL,
	"fence" bigint,
	"how" text,
	"why" text,
	"by" text,
	"asked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"granted_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	"overdue_at" timestamp with time zone,
	"overdue" text,
	"before" jsonb,
	CONSTRAINT "permits_fenced" CHECK ("permits"."state" <> 'granted' or "permits"."fence" is not null)
);
--> statement-breakpoint
CREATE TABLE "semaphore_states" (
	"id" text PRIMARY KEY NOT NULL,
	"capacity" integer NOT NULL,
	"gate" text,
	"gate_until" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "semaphores" (
	"operation" text NOT NULL,
	"tag" text NOT NULL,
	"value" text NOT NULL,
	"capacity" integer,
	"percent" integer,
	"minimum" integer DEFAULT 1 NOT NULL,
	"queue_bound" integer DEFAULT 5000 NOT NULL,
	"lease_seconds" integer DEFAULT 3600 NOT NULL,
	"limit_seconds" integer DEFAULT 86400 NOT NULL,
	"min_healthy" integer,
	"windows" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"updated_by" text NOT NULL,
	"reason" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "semaphores_operation_tag_value_pk" PRIMARY KEY("operation","tag","value"),
	CONSTRAINT "semaphores_one_capacity" CHECK (("semaphores"."capacity" is null) <> ("semaphores"."percent" is null)),
	CONSTRAINT "semaphores_capacity" CHECK ("semaphores"."capacity" between 0 and 100000 and "semaphores"."minimum" between 0 and 100000),
	CONSTRAINT "semaphores_percent" CHECK ("semaphores"."percent" between 0 and 100 and "semaphores"."min_healthy" between 0 and 100),
	CONSTRAINT "semaphores_bound" CHECK ("semaphores"."queue_bound" between 0 and 7000),
	CONSTRAINT "semaphores_lease" CHECK ("semaphores"."lease_seconds" between 10 and 604800 and "semaphores"."limit_seconds" >= "semaphores"."lease_seconds")
);
--> statement-breakpoint
ALTER TABLE "outbox" ALTER COLUMN "machine_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "pools" ADD COLUMN "erase_others" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "permits" ADD CONSTRAINT "permits_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "permits_open" ON "permits" USING btree ("semaphore") WHERE state <> 'closed';--> statement-breakpoint
CREATE INDEX "permits_machine" ON "permits" USING btree ("machine_id","asked_at");