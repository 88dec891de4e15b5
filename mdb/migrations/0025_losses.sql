CREATE TABLE "comparisons" (
	"id" text PRIMARY KEY NOT NULL,
	"asked_by" text,
	"reason" text,
	"selector" text,
	"dry_run" boolean DEFAULT false NOT NULL,
	"asked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"began_at" timestamp with time zone,
	"leased_until" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"machines" integer DEFAULT 0 NOT NULL,
	"counts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"found" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"error" text
);
--> statement-breakpoint
ALTER TABLE "intents" ADD COLUMN "parameters" jsonb;--> statement-breakpoint
ALTER TABLE "intents" ADD COLUMN "step" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "paused" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "comparisons_due" ON "comparisons" USING btree ("asked_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "comparisons_ended" ON "comparisons" USING btree ("ended_at");--> statement-breakpoint
CREATE INDEX "outbox_order" ON "outbox" USING btree ("order_id") WHERE order_id is not null;