CREATE TABLE "shared_macs" (
	"mac" "macaddr" PRIMARY KEY NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "machines" DROP CONSTRAINT "machines_mac_unique";--> statement-breakpoint
DROP INDEX "machines_slot";--> statement-breakpoint
ALTER TABLE "bmcs" ADD COLUMN "word" jsonb;--> statement-breakpoint
ALTER TABLE "disks" ADD COLUMN "wwid" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "mac_moved_to" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "resembles" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "slot" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "placed_port" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "remarks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "nics" ADD COLUMN "neighbour_port_description" text;--> statement-breakpoint
ALTER TABLE "nics" ADD COLUMN "neighbour_port_subtype" text;--> statement-breakpoint
ALTER TABLE "nics" ADD COLUMN "moved_from" text;--> statement-breakpoint
ALTER TABLE "switch_ports" ADD COLUMN "slot" text;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_mac_moved_to_machines_id_fk" FOREIGN KEY ("mac_moved_to") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_resembles_machines_id_fk" FOREIGN KEY ("resembles") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "machines_mac" ON "machines" USING btree ("mac") WHERE mac_moved_to is null;--> statement-breakpoint
CREATE UNIQUE INDEX "machines_slot" ON "machines" USING btree ("rack_id","unit",coalesce(slot, '')) WHERE rack_id is not null;