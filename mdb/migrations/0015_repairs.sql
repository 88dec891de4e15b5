CREATE TABLE "bundles" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text NOT NULL,
	"fault" text NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL,
	"document" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "replacements" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text NOT NULL,
	"fault" text NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"opened_by" text NOT NULL,
	"serial" text,
	"fitted_at" timestamp with time zone,
	"fitted_by" text
);
--> statement-breakpoint
CREATE TABLE "rungs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text NOT NULL,
	"fault" text NOT NULL,
	"rung" text NOT NULL,
	"climbed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"outcome" text,
	"seen" text
);
--> statement-breakpoint
ALTER TABLE "bundles" ADD CONSTRAINT "bundles_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bundles" ADD CONSTRAINT "bundles_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rungs" ADD CONSTRAINT "rungs_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rungs" ADD CONSTRAINT "rungs_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "bundles_machine" ON "bundles" USING btree ("machine_id","made_at");--> statement-breakpoint
CREATE INDEX "replacements_machine" ON "replacements" USING btree ("machine_id");--> statement-breakpoint
CREATE INDEX "rungs_machine" ON "rungs" USING btree ("machine_id","climbed_at");