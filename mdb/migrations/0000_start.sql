CREATE TYPE "public"."actor_class" AS ENUM('system', 'node', 'user');--> statement-breakpoint
CREATE TYPE "public"."boot_state" AS ENUM('birth', 'healthy', 'rebirth', 'clean');--> statement-breakpoint
CREATE TYPE "public"."image_kind" AS ENUM('compute', 'storage', 'debug');--> statement-breakpoint
CREATE TYPE "public"."intent_state" AS ENUM('written', 'sent', 'done', 'not_done', 'unknown');--> statement-breakpoint
CREATE TYPE "public"."op_state" AS ENUM('production', 'draining', 'hard_reboot', 'disabled', 'intervention');--> statement-breakpoint
CREATE TYPE "public"."order_state" AS ENUM('waiting', 'running', 'done', 'failed', 'cancelled');--> statement-breakpoint
CREATE TYPE "public"."passage" AS ENUM('birth', 'rebirth', 'clean', 'maintenance', 'repair', 'retire');--> statement-breakpoint
CREATE TYPE "public"."repair_state" AS ENUM('none', 'suspect', 'failing', 'awaiting_human', 'awaiting_parts');--> statement-breakpoint
CREATE TYPE "public"."stage" AS ENUM('racked', 'registered', 'configured', 'profiled', 'deployed', 'in_service', 'maintenance', 'repair', 'retired');--> statement-breakpoint
CREATE TYPE "public"."step_state" AS ENUM('pending', 'running', 'held', 'done', 'failed', 'skipped');--> statement-breakpoint
CREATE TABLE "accelerators" (
	"machine_id" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"pci" text NOT NULL,
	"vendor" text NOT NULL,
	"device" text NOT NULL,
	CONSTRAINT "accelerators_machine_id_pci_pk" PRIMARY KEY("machine_id","pci")
);
--> statement-breakpoint
CREATE TABLE "addresses" (
	"address" "inet" PRIMARY KEY NOT NULL,
	"network_id" text NOT NULL,
	"machine_id" text,
	"taken_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"actor_class" "actor_class" NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"machine_id" text,
	"order_id" text,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"previous" text DEFAULT '' NOT NULL,
	"hash" text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bmcs" (
	"machine_id" text PRIMARY KEY NOT NULL,
	"origin" text NOT NULL,
	"mac" "macaddr",
	"secret_ref" text NOT NULL,
	"pin" text,
	"vendor" text,
	"firmware_version" text,
	"quarantine" text,
	CONSTRAINT "bmcs_origin_unique" UNIQUE("origin"),
	CONSTRAINT "bmcs_mac_unique" UNIQUE("mac")
);
--> statement-breakpoint
CREATE TABLE "boot_counts" (
	"mac" text NOT NULL,
	"minute" timestamp with time zone NOT NULL,
	"state" text NOT NULL,
	"answer" text NOT NULL,
	"requests" integer NOT NULL,
	"answers" integer NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	CONSTRAINT "boot_counts_mac_minute_state_answer_pk" PRIMARY KEY("mac","minute","state","answer")
);
--> statement-breakpoint
CREATE TABLE "boot_tokens" (
	"hash" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"use" text NOT NULL,
	"nonce" text NOT NULL,
	"order_id" text,
	"issued_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"redeemed_at" timestamp with time zone,
	"session_hash" text,
	"session_expires_at" timestamp with time zone,
	CONSTRAINT "boot_tokens_nonce_unique" UNIQUE("nonce"),
	CONSTRAINT "boot_tokens_session_hash_unique" UNIQUE("session_hash")
);
--> statement-breakpoint
CREATE TABLE "burnin_parts" (
	"burnin_id" text NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"device" text NOT NULL,
	"ok" boolean NOT NULL,
	"value" real,
	"unit" text,
	"message" text,
	"seconds" real NOT NULL,
	"product" text,
	CONSTRAINT "burnin_parts_burnin_id_kind_subject_device_pk" PRIMARY KEY("burnin_id","kind","subject","device")
);
--> statement-breakpoint
CREATE TABLE "burnins" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text NOT NULL,
	"profile_id" text,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"progress" real DEFAULT 0 NOT NULL,
	"verdict" text,
	"finding" text,
	CONSTRAINT "burnins_order" UNIQUE("order_id")
);
--> statement-breakpoint
CREATE TABLE "cpus" (
	"machine_id" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"socket" integer NOT NULL,
	"model" text NOT NULL,
	"cores" integer NOT NULL,
	"threads" integer NOT NULL,
	CONSTRAINT "cpus_machine_id_socket_pk" PRIMARY KEY("machine_id","socket")
);
--> statement-breakpoint
CREATE TABLE "dimms" (
	"machine_id" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"slot" text NOT NULL,
	"mib" integer NOT NULL,
	"serial" text,
	"part_number" text,
	"speed_mts" integer,
	CONSTRAINT "dimms_machine_id_slot_pk" PRIMARY KEY("machine_id","slot")
);
--> statement-breakpoint
CREATE TABLE "disks" (
	"machine_id" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"serial" text NOT NULL,
	"name" text NOT NULL,
	"model" text,
	"bytes" bigint NOT NULL,
	"rotational" boolean NOT NULL,
	"content" text NOT NULL,
	"mark" uuid,
	"present" boolean DEFAULT true NOT NULL,
	CONSTRAINT "disks_machine_id_serial_pk" PRIMARY KEY("machine_id","serial")
);
--> statement-breakpoint
CREATE TABLE "expected_bmcs" (
	"origin" text PRIMARY KEY NOT NULL,
	"site_id" text NOT NULL,
	"mac" "macaddr",
	"serial" text,
	"secret_ref" text NOT NULL,
	CONSTRAINT "expected_bmcs_mac_unique" UNIQUE("mac"),
	CONSTRAINT "expected_bmcs_serial_unique" UNIQUE("serial"),
	CONSTRAINT "expected_bmcs_factor" CHECK ("expected_bmcs"."mac" is not null or "expected_bmcs"."serial" is not null)
);
--> statement-breakpoint
CREATE TABLE "fences" (
	"machine_id" text PRIMARY KEY NOT NULL,
	"fence" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "human_steps" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text NOT NULL,
	"step" text NOT NULL,
	"ticket_id" text NOT NULL,
	"owner" text NOT NULL,
	"question" text NOT NULL,
	"choices" text[] NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"remind_at" timestamp with time zone NOT NULL,
	"answered_at" timestamp with time zone,
	"answer" text,
	"answered_by" text,
	"note" text
);
--> statement-breakpoint
CREATE TABLE "ignored_answers" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"why" text NOT NULL,
	"answer" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "images" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" "image_kind" NOT NULL,
	"path" text NOT NULL,
	"bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"signature" text NOT NULL,
	"layout" jsonb NOT NULL,
	"preferred" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "images_path_unique" UNIQUE("path")
);
--> statement-breakpoint
CREATE TABLE "intents" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text,
	"kind" text NOT NULL,
	"command" jsonb NOT NULL,
	"fence" bigint NOT NULL,
	"state" "intent_state" DEFAULT 'written' NOT NULL,
	"before" jsonb,
	"observed" jsonb,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	"sent_at" timestamp with time zone,
	"settled_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "legal_edges" (
	"guarded" text NOT NULL,
	"from" text NOT NULL,
	"to" text NOT NULL,
	CONSTRAINT "legal_edges_guarded_from_to_pk" PRIMARY KEY("guarded","from","to")
);
--> statement-breakpoint
CREATE TABLE "machines" (
	"id" text PRIMARY KEY NOT NULL,
	"site_id" text NOT NULL,
	"mac" "macaddr" NOT NULL,
	"hostname" text,
	"address" "inet",
	"temporary_address" "inet",
	"boot_state" "boot_state" DEFAULT 'birth' NOT NULL,
	"op_state" "op_state" DEFAULT 'disabled' NOT NULL,
	"stage" "stage" DEFAULT 'racked' NOT NULL,
	"repair_state" "repair_state" DEFAULT 'none' NOT NULL,
	"required_image" text,
	"observed_image" text,
	"owner" text,
	"pool" text DEFAULT 'general' NOT NULL,
	"profile_id" text,
	"rack_id" text,
	"unit" integer,
	"vendor" text,
	"product" text,
	"sku" text,
	"serial" text,
	"board_serial" text,
	"system_uuid" uuid,
	"firmware" text,
	"bios_version" text,
	"memory_mib" integer,
	"mark" uuid DEFAULT gen_random_uuid() NOT NULL,
	"wipe_reason" text,
	"key_store" text,
	"key_fingerprint" text,
	"directive" jsonb DEFAULT '{"do":"wait"}'::jsonb NOT NULL,
	"directive_seq" integer DEFAULT 0 NOT NULL,
	"bootstraps" integer DEFAULT 0 NOT NULL,
	"held" text,
	"boot_id" text,
	"last_seen_at" timestamp with time zone,
	"first_boot_at" timestamp with time zone DEFAULT now() NOT NULL,
	"in_service_at" timestamp with time zone,
	"version" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "machines_mac_unique" UNIQUE("mac"),
	CONSTRAINT "machines_hostname_unique" UNIQUE("hostname"),
	CONSTRAINT "machines_address_unique" UNIQUE("address"),
	CONSTRAINT "machines_slot_whole" CHECK (("machines"."rack_id" is null) = ("machines"."unit" is null))
);
--> statement-breakpoint
CREATE TABLE "networks" (
	"id" text PRIMARY KEY NOT NULL,
	"site_id" text NOT NULL,
	"kind" text NOT NULL,
	"cidr" text NOT NULL,
	"gateway" "inet",
	"dns" text[] DEFAULT '{}' NOT NULL,
	"vlan" integer,
	"assignment" text DEFAULT 'pool' NOT NULL,
	CONSTRAINT "networks_vlan" CHECK ("networks"."vlan" between 1 and 4094)
);
--> statement-breakpoint
CREATE TABLE "nics" (
	"mac" "macaddr" PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"name" text,
	"driver" text,
	"pci" text,
	"speed_mbps" integer,
	"carrier" boolean,
	"neighbour_chassis" text,
	"neighbour_port" text,
	"neighbour_name" text
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"passage" "passage" NOT NULL,
	"requester" text NOT NULL,
	"reason" text NOT NULL,
	"dry_run" boolean DEFAULT false NOT NULL,
	"not_before" timestamp with time zone,
	"deadline" timestamp with time zone,
	"state" "order_state" DEFAULT 'waiting' NOT NULL,
	"outcome" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"machine_id" text NOT NULL,
	"order_id" text,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"next_at" timestamp with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"delivered_at" timestamp with time zone,
	"dropped" text,
	"error" text,
	CONSTRAINT "outbox_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "profiles" (
	"id" text PRIMARY KEY NOT NULL,
	"match" jsonb NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"burnin" jsonb NOT NULL,
	"bios" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"pool" text DEFAULT 'general' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "racks" (
	"id" text PRIMARY KEY NOT NULL,
	"site_id" text NOT NULL,
	"row" text,
	"feed" text,
	"az" text,
	"units" integer DEFAULT 48 NOT NULL,
	"ordinal" integer NOT NULL,
	CONSTRAINT "racks_ordinal" UNIQUE("site_id","ordinal"),
	CONSTRAINT "racks_units" CHECK ("racks"."units" between 1 and 64)
);
--> statement-breakpoint
CREATE TABLE "sites" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"domain" text NOT NULL,
	"policy" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "state_history" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"machine_id" text NOT NULL,
	"guarded" text NOT NULL,
	"from" text,
	"to" text NOT NULL,
	"actor" text NOT NULL,
	"order_id" text
);
--> statement-breakpoint
CREATE TABLE "steps" (
	"order_id" text NOT NULL,
	"name" text NOT NULL,
	"source" text NOT NULL,
	"ordinal" integer NOT NULL,
	"state" "step_state" DEFAULT 'running' NOT NULL,
	"owner" text NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"limit_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	CONSTRAINT "steps_order_id_name_pk" PRIMARY KEY("order_id","name")
);
--> statement-breakpoint
CREATE TABLE "switch_ports" (
	"switch_id" text NOT NULL,
	"port" text NOT NULL,
	"rack_id" text NOT NULL,
	"unit" integer NOT NULL,
	CONSTRAINT "switch_ports_switch_id_port_pk" PRIMARY KEY("switch_id","port")
);
--> statement-breakpoint
CREATE TABLE "switches" (
	"id" text PRIMARY KEY NOT NULL,
	"site_id" text NOT NULL,
	"chassis" text NOT NULL,
	"name" text NOT NULL,
	CONSTRAINT "switches_chassis_unique" UNIQUE("chassis")
);
--> statement-breakpoint
CREATE TABLE "tags" (
	"machine_id" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "tags_machine_id_key_pk" PRIMARY KEY("machine_id","key")
);
--> statement-breakpoint
CREATE TABLE "tickets" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"fault" text NOT NULL,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "accelerators" ADD CONSTRAINT "accelerators_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "addresses" ADD CONSTRAINT "addresses_network_id_networks_id_fk" FOREIGN KEY ("network_id") REFERENCES "public"."networks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "addresses" ADD CONSTRAINT "addresses_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bmcs" ADD CONSTRAINT "bmcs_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "boot_tokens" ADD CONSTRAINT "boot_tokens_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "burnin_parts" ADD CONSTRAINT "burnin_parts_burnin_id_burnins_id_fk" FOREIGN KEY ("burnin_id") REFERENCES "public"."burnins"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "burnins" ADD CONSTRAINT "burnins_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "burnins" ADD CONSTRAINT "burnins_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cpus" ADD CONSTRAINT "cpus_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dimms" ADD CONSTRAINT "dimms_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "disks" ADD CONSTRAINT "disks_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "expected_bmcs" ADD CONSTRAINT "expected_bmcs_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fences" ADD CONSTRAINT "fences_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_steps" ADD CONSTRAINT "human_steps_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_steps" ADD CONSTRAINT "human_steps_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "human_steps" ADD CONSTRAINT "human_steps_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "intents" ADD CONSTRAINT "intents_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "intents" ADD CONSTRAINT "intents_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_required_image_images_id_fk" FOREIGN KEY ("required_image") REFERENCES "public"."images"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_profile_id_profiles_id_fk" FOREIGN KEY ("profile_id") REFERENCES "public"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_rack_id_racks_id_fk" FOREIGN KEY ("rack_id") REFERENCES "public"."racks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "networks" ADD CONSTRAINT "networks_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nics" ADD CONSTRAINT "nics_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orders" ADD CONSTRAINT "orders_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "racks" ADD CONSTRAINT "racks_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "steps" ADD CONSTRAINT "steps_order_id_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "switch_ports" ADD CONSTRAINT "switch_ports_switch_id_switches_id_fk" FOREIGN KEY ("switch_id") REFERENCES "public"."switches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "switch_ports" ADD CONSTRAINT "switch_ports_rack_id_racks_id_fk" FOREIGN KEY ("rack_id") REFERENCES "public"."racks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "switches" ADD CONSTRAINT "switches_site_id_sites_id_fk" FOREIGN KEY ("site_id") REFERENCES "public"."sites"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tags" ADD CONSTRAINT "tags_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "addresses_machine" ON "addresses" USING btree ("network_id","machine_id") WHERE machine_id is not null;--> statement-breakpoint
CREATE INDEX "addresses_free" ON "addresses" USING btree ("network_id","address") WHERE machine_id is null;--> statement-breakpoint
CREATE INDEX "audit_machine" ON "audit" USING btree ("machine_id","id");--> statement-breakpoint
CREATE INDEX "boot_counts_minute" ON "boot_counts" USING btree ("minute");--> statement-breakpoint
CREATE INDEX "boot_tokens_machine" ON "boot_tokens" USING btree ("machine_id","issued_at");--> statement-breakpoint
CREATE INDEX "burnin_parts_peers" ON "burnin_parts" USING btree ("product","subject","unit");--> statement-breakpoint
CREATE INDEX "human_steps_open" ON "human_steps" USING btree ("owner") WHERE answered_at is null;--> statement-breakpoint
CREATE INDEX "intents_machine" ON "intents" USING btree ("machine_id","written_at");--> statement-breakpoint
CREATE UNIQUE INDEX "machines_slot" ON "machines" USING btree ("rack_id","unit") WHERE rack_id is not null;--> statement-breakpoint
CREATE INDEX "machines_stage" ON "machines" USING btree ("stage");--> statement-breakpoint
CREATE INDEX "machines_uuid" ON "machines" USING btree ("system_uuid");--> statement-breakpoint
CREATE UNIQUE INDEX "orders_one_running" ON "orders" USING btree ("machine_id") WHERE state = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX "orders_one_birth" ON "orders" USING btree ("machine_id") WHERE passage = 'birth' and state in ('waiting', 'running');--> statement-breakpoint
CREATE INDEX "orders_state" ON "orders" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" USING btree ("next_at","id") WHERE delivered_at is null;--> statement-breakpoint
CREATE INDEX "state_history_machine" ON "state_history" USING btree ("machine_id","id");--> statement-breakpoint
CREATE INDEX "steps_open" ON "steps" USING btree ("limit_at") WHERE state in ('running', 'held');--> statement-breakpoint
CREATE INDEX "switch_ports_slot" ON "switch_ports" USING btree ("rack_id","unit");--> statement-breakpoint
CREATE INDEX "tags_key_value" ON "tags" USING btree ("key","value");--> statement-breakpoint
CREATE UNIQUE INDEX "tickets_one_open" ON "tickets" USING btree ("machine_id","fault") WHERE closed_at is null;