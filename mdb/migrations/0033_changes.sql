CREATE TABLE "changes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"transaction" bigint DEFAULT (pg_current_xact_id()::text)::bigint NOT NULL,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"machine_id" text
);
--> statement-breakpoint
CREATE TABLE "cursor_key" (
	"key" text PRIMARY KEY DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"operator" text NOT NULL,
	"route" text NOT NULL,
	"key" text NOT NULL,
	"body" text NOT NULL,
	"status" integer,
	"answer" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_operator_route_key_pk" PRIMARY KEY("operator","route","key")
);
--> statement-breakpoint
CREATE INDEX "changes_transaction" ON "changes" USING btree ("transaction","id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
INSERT INTO cursor_key DEFAULT VALUES;
--> statement-breakpoint
-- Who follows changes is woken once a transaction: PostgreSQL folds notifications that are the same.
CREATE FUNCTION changes_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('farrier_changes', '');
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER changes_wake AFTER INSERT ON changes FOR EACH STATEMENT EXECUTE FUNCTION changes_wake();
--> statement-breakpoint
-- Its arguments: the kind, the column with the subject's id, the column with the machine's.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
BEGIN
  INSERT INTO public.changes (kind, subject, machine_id) VALUES (TG_ARGV[0], of ->> TG_ARGV[1], of ->> TG_ARGV[2]);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION note_machine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.changes (kind, subject, machine_id) VALUES ('machine', NEW.id, NEW.id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION note_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.changes (kind, subject, machine_id)
  SELECT 'step', o.id, o.machine_id FROM public.orders o WHERE o.id = NEW.order_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
-- A plan writes thousands of them at once.
CREATE FUNCTION note_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.changes (kind, subject) SELECT DISTINCT 'campaign', campaign_id FROM now_there;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER machines_note AFTER INSERT ON machines FOR EACH ROW EXECUTE FUNCTION note_machine();
--> statement-breakpoint
-- That it was heard from again, and its number, tell nobody anything.
CREATE TRIGGER machines_note_change AFTER UPDATE ON machines FOR EACH ROW WHEN (
  (OLD.mac, OLD.hostname, OLD.address, OLD.boot_state, OLD.op_state, OLD.stage, OLD.repair_state, OLD.required_image,
   OLD.observed_image, OLD.owner, OLD.pool, OLD.profile_id, OLD.rack_id, OLD.unit, OLD.slot, OLD.product, OLD.serial,
   OLD.resembles, OLD.remarks, OLD.held, OLD.paused, OLD.in_service_at)
  IS DISTINCT FROM
  (NEW.mac, NEW.hostname, NEW.address, NEW.boot_state, NEW.op_state, NEW.stage, NEW.repair_state, NEW.required_image,
   NEW.observed_image, NEW.owner, NEW.pool, NEW.profile_id, NEW.rack_id, NEW.unit, NEW.slot, NEW.product, NEW.serial,
   NEW.resembles, NEW.remarks, NEW.held, NEW.paused, NEW.in_service_at)
) EXECUTE FUNCTION note_machine();
--> statement-breakpoint
CREATE TRIGGER machines_note_end AFTER DELETE ON machines FOR EACH ROW EXECUTE FUNCTION note_change('machine', 'id', 'id');
--> statement-breakpoint
CREATE TRIGGER tags_note AFTER INSERT OR UPDATE OR DELETE ON tags
  FOR EACH ROW EXECUTE FUNCTION note_change('machine', 'machine_id', 'machine_id');
--> statement-breakpoint
CREATE TRIGGER steps_note AFTER INSERT OR UPDATE ON steps FOR EACH ROW EXECUTE FUNCTION note_step();
--> statement-breakpoint
CREATE TRIGGER orders_note AFTER INSERT OR UPDATE ON orders
  FOR EACH ROW EXECUTE FUNCTION note_change('order', 'id', 'machine_id');
--> statement-breakpoint
CREATE TRIGGER human_steps_note AFTER INSERT OR UPDATE ON human_steps
  FOR EACH ROW EXECUTE FUNCTION note_change('question', 'id', 'machine_id');
--> statement-breakpoint
CREATE TRIGGER tickets_note AFTER INSERT OR UPDATE ON tickets
  FOR EACH ROW EXECUTE FUNCTION note_change('ticket', 'id', 'machine_id');
--> statement-breakpoint
CREATE TRIGGER campaigns_note AFTER INSERT OR UPDATE ON campaigns
  FOR EACH ROW EXECUTE FUNCTION note_change('campaign', 'id', 'none');
--> statement-breakpoint
CREATE TRIGGER campaign_machines_note AFTER INSERT ON campaign_machines REFERENCING NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION note_members();
--> statement-breakpoint
CREATE TRIGGER campaign_machines_note_change AFTER UPDATE ON campaign_machines REFERENCING NEW TABLE AS now_there
  FOR EACH STATEMENT EXECUTE FUNCTION note_members();
--> statement-breakpoint
CREATE TRIGGER permits_note AFTER INSERT OR UPDATE ON permits
  FOR EACH ROW EXECUTE FUNCTION note_change('permit', 'id', 'machine_id');
