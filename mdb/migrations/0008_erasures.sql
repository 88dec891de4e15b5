CREATE TABLE "erasures" (
	"order_id" text NOT NULL,
	"serial" text NOT NULL,
	"machine_id" text NOT NULL,
	"name" text NOT NULL,
	"method" text NOT NULL,
	"state" text NOT NULL,
	"evidence" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"begun_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "erasures_order_id_serial_pk" PRIMARY KEY("order_id","serial")
);
--> statement-breakpoint
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "erasures_machine" ON "erasures" USING btree ("machine_id","serial");