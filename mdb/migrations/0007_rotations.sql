CREATE TABLE "rotations" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"from_ref" text NOT NULL,
	"to_ref" text NOT NULL,
	"account" text NOT NULL,
	"sent_at" timestamp with time zone DEFAULT now() NOT NULL,
	"new_refused_at" timestamp with time zone,
	"in_force" text,
	"settled_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "rotations" ADD CONSTRAINT "rotations_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "rotations_open" ON "rotations" USING btree ("machine_id") WHERE "rotations"."settled_at" is null;