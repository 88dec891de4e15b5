CREATE TABLE "boards" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text NOT NULL,
	"accepted_at" timestamp with time zone DEFAULT now() NOT NULL,
	"accepted_by" text NOT NULL,
	"serial" text NOT NULL,
	"before" jsonb NOT NULL,
	"after" jsonb NOT NULL,
	"agreed" jsonb NOT NULL,
	"differed" jsonb NOT NULL,
	"keys_lost" boolean NOT NULL
);
--> statement-breakpoint
ALTER TABLE "hardware_changes" ADD COLUMN "confirmed_by" text;--> statement-breakpoint
ALTER TABLE "disks" ADD COLUMN "present_since" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "disks" ADD COLUMN "confirmed_at" timestamp with time zone;--> statement-breakpoint
UPDATE "disks" SET "present_since" = "seen_at";--> statement-breakpoint
ALTER TABLE "replacements" ADD COLUMN "part" text;--> statement-breakpoint
ALTER TABLE "replacements" ADD COLUMN "sent_serial" text;--> statement-breakpoint
ALTER TABLE "boards" ADD CONSTRAINT "boards_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "boards" ADD CONSTRAINT "boards_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "boards_machine" ON "boards" USING btree ("machine_id","accepted_at");