CREATE TABLE "controller_documents" (
	"machine_id" text NOT NULL,
	"kind" text NOT NULL,
	"document" jsonb NOT NULL,
	"hash" text NOT NULL,
	"firmware_version" text,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "controller_documents_machine_id_kind_pk" PRIMARY KEY("machine_id","kind")
);
--> statement-breakpoint
CREATE TABLE "controller_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"key" text NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"event_time" text,
	"event_id" text,
	"kind" text,
	"message_id" text,
	"severity" text,
	"message" text,
	"origin" text,
	CONSTRAINT "controller_events_once" UNIQUE("machine_id","key")
);
--> statement-breakpoint
CREATE TABLE "controller_log_entries" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"log" text NOT NULL,
	"generation" integer NOT NULL,
	"fingerprint" text NOT NULL,
	"entry_id" text NOT NULL,
	"created" text,
	"severity" text,
	"message_id" text,
	"message" text,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "controller_log_entries_once" UNIQUE("machine_id","log","generation","fingerprint")
);
--> statement-breakpoint
CREATE TABLE "controller_logs" (
	"machine_id" text NOT NULL,
	"log" text NOT NULL,
	"name" text NOT NULL,
	"cursor" jsonb NOT NULL,
	"generation" integer DEFAULT 1 NOT NULL,
	"complete" boolean NOT NULL,
	"read_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "controller_logs_machine_id_log_pk" PRIMARY KEY("machine_id","log")
);
--> statement-breakpoint
CREATE TABLE "controller_records" (
	"machine_id" text PRIMARY KEY NOT NULL,
	"inventory_at" timestamp with time zone,
	"logs_at" timestamp with time zone,
	"events_at" timestamp with time zone,
	"inventory_error" text,
	"logs_error" text,
	"events_error" text
);
--> statement-breakpoint
CREATE TABLE "controller_subscriptions" (
	"machine_id" text PRIMARY KEY NOT NULL,
	"token_hash" text NOT NULL,
	"context" text NOT NULL,
	"path" text,
	"subscribed_at" timestamp with time zone,
	"checked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"renewals" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "controller_subscriptions_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "hardware_changes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"place" text NOT NULL,
	"change" text NOT NULL,
	"before" jsonb,
	"after" jsonb
);
--> statement-breakpoint
CREATE TABLE "sensor_readings" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"read_at" timestamp with time zone DEFAULT now() NOT NULL,
	"watts" real,
	"sensors" jsonb DEFAULT '[]'::jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "intents" ADD COLUMN "answer" jsonb;--> statement-breakpoint
ALTER TABLE "controller_documents" ADD CONSTRAINT "controller_documents_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "controller_events" ADD CONSTRAINT "controller_events_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "controller_log_entries" ADD CONSTRAINT "controller_log_entries_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "controller_logs" ADD CONSTRAINT "controller_logs_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "controller_records" ADD CONSTRAINT "controller_records_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "controller_subscriptions" ADD CONSTRAINT "controller_subscriptions_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hardware_changes" ADD CONSTRAINT "hardware_changes_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sensor_readings" ADD CONSTRAINT "sensor_readings_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "controller_events_machine" ON "controller_events" USING btree ("machine_id","id");--> statement-breakpoint
CREATE INDEX "controller_log_entries_machine" ON "controller_log_entries" USING btree ("machine_id","id");--> statement-breakpoint
CREATE INDEX "hardware_changes_machine" ON "hardware_changes" USING btree ("machine_id","id");--> statement-breakpoint
CREATE INDEX "sensor_readings_machine" ON "sensor_readings" USING btree ("machine_id","id");