CREATE TABLE "approval_policies" (
	"id" text PRIMARY KEY DEFAULT 'fleet' NOT NULL,
	"acts" text[] DEFAULT '{}' NOT NULL,
	"hours" integer DEFAULT 24 NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "approval_policies_one" CHECK ("approval_policies"."id" = 'fleet'),
	CONSTRAINT "approval_policies_hours" CHECK ("approval_policies"."hours" between 1 and 720)
);
--> statement-breakpoint
CREATE TABLE "approvals" (
	"id" text PRIMARY KEY NOT NULL,
	"route" text NOT NULL,
	"params" jsonb NOT NULL,
	"body" jsonb NOT NULL,
	"acts" text[] NOT NULL,
	"what" text NOT NULL,
	"reason" text NOT NULL,
	"machine_id" text,
	"pools" text[],
	"plan" jsonb NOT NULL,
	"hash" text NOT NULL,
	"rehearsal" text,
	"asked_by" text NOT NULL,
	"person" text NOT NULL,
	"maker" text,
	"grants" jsonb NOT NULL,
	"asked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	"why" text,
	"outcome" jsonb,
	CONSTRAINT "approvals_decided" CHECK (("approvals"."state" = 'waiting') = ("approvals"."decided_at" is null))
);
--> statement-breakpoint
-- Of tokens from before nobody knows whose they are: they are taken for their makers'.
ALTER TABLE "tokens" ADD COLUMN "person" text;--> statement-breakpoint
ALTER TABLE "tokens" ADD COLUMN "maker" text;--> statement-breakpoint
UPDATE "tokens" SET "person" = regexp_replace("created_by", '^token:', ''), "maker" = regexp_replace("created_by", '^token:', '');--> statement-breakpoint
ALTER TABLE "tokens" ALTER COLUMN "person" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "tokens" ALTER COLUMN "maker" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_rehearsal_orders_id_fk" FOREIGN KEY ("rehearsal") REFERENCES "public"."orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "approvals_waiting" ON "approvals" USING btree ("asked_at") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "approvals_machine" ON "approvals" USING btree ("machine_id");
--> statement-breakpoint
CREATE TRIGGER approval_policies_versions AFTER INSERT OR UPDATE OR DELETE ON approval_policies
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('approval', 'id', 'set_by,set_at');
--> statement-breakpoint
CREATE TRIGGER approvals_note AFTER INSERT OR UPDATE ON approvals
  FOR EACH ROW EXECUTE FUNCTION note_change('approval', 'id', 'machine_id');
