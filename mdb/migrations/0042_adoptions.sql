CREATE TABLE "adoptions" (
	"id" text PRIMARY KEY NOT NULL,
	"site_id" text NOT NULL,
	"origin" text NOT NULL,
	"secret_ref" text NOT NULL,
	"requester" text NOT NULL,
	"reason" text NOT NULL,
	"request" jsonb NOT NULL,
	"dry_run" boolean NOT NULL,
	"reviewed" text,
	"state" text DEFAULT 'waiting' NOT NULL,
	"version" text,
	"sign_in" text,
	"why" text,
	"plan" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"hash" text,
	"machine_id" text,
	"order_id" text,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "adoptions" ADD CONSTRAINT "adoptions_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "adoptions" ADD CONSTRAINT "adoptions_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "adoptions_waiting" ON "adoptions" USING btree ("origin") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "adoptions_origin" ON "adoptions" USING btree ("origin");