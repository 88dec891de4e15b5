CREATE TABLE "drained" (
	"machine_id" text NOT NULL,
	"scheduler" text NOT NULL,
	"node" text NOT NULL,
	"order_id" text NOT NULL,
	"taken_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "drained_machine_id_scheduler_node_pk" PRIMARY KEY("machine_id","scheduler","node")
);
--> statement-breakpoint
ALTER TABLE "drained" ADD CONSTRAINT "drained_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;