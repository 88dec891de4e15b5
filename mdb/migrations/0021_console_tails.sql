CREATE TABLE "consoles" (
	"machine_id" text PRIMARY KEY NOT NULL,
	"read_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lines" jsonb NOT NULL,
	"missing" text
);
--> statement-breakpoint
ALTER TABLE "consoles" ADD CONSTRAINT "consoles_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE cascade ON UPDATE no action;