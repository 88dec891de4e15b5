CREATE TYPE "public"."order_class" AS ENUM('emergency', 'repair', 'maintenance', 'clean');--> statement-breakpoint
ALTER TYPE "public"."passage" ADD VALUE 'drain';--> statement-breakpoint
ALTER TYPE "public"."passage" ADD VALUE 'undrain';--> statement-breakpoint
ALTER TYPE "public"."passage" ADD VALUE 'reboot';--> statement-breakpoint
ALTER TYPE "public"."passage" ADD VALUE 'power';--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "class" "order_class" DEFAULT 'maintenance' NOT NULL;--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "request" jsonb DEFAULT '{}'::jsonb NOT NULL;