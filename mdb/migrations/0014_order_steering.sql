ALTER TABLE "orders" ADD COLUMN "paused_by" text;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "taken_over_by" text;