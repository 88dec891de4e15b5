CREATE TABLE "audit_marks" (
	"id" text PRIMARY KEY NOT NULL,
	"row" bigint DEFAULT 0 NOT NULL,
	"hash" text DEFAULT '' NOT NULL,
	"rows" bigint DEFAULT 0 NOT NULL,
	"row_at" timestamp with time zone,
	"whole_at" timestamp with time zone,
	"trouble" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "audit_order" ON "audit" USING btree ("order_id","id") WHERE order_id is not null;--> statement-breakpoint
CREATE INDEX "audit_actor" ON "audit" USING btree ("actor","id");--> statement-breakpoint
CREATE INDEX "audit_at" ON "audit" USING brin ("at");