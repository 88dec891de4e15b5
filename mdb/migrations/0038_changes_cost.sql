-- Most writes of a machine say that it was heard from: they name none of these columns, and nothing is compared for them.
DROP TRIGGER machines_note_change ON machines;
--> statement-breakpoint
CREATE TRIGGER machines_note_change AFTER UPDATE OF mac, hostname, address, boot_state, op_state, stage, repair_state,
  required_image, observed_image, owner, pool, profile_id, rack_id, unit, slot, product, serial, resembles, remarks, held,
  paused, in_service_at
ON machines FOR EACH ROW WHEN (
  (OLD.mac, OLD.hostname, OLD.address, OLD.boot_state, OLD.op_state, OLD.stage, OLD.repair_state, OLD.required_image,
   OLD.observed_image, OLD.owner, OLD.pool, OLD.profile_id, OLD.rack_id, OLD.unit, OLD.slot, OLD.product, OLD.serial,
   OLD.resembles, OLD.remarks, OLD.held, OLD.paused, OLD.in_service_at)
  IS DISTINCT FROM
  (NEW.mac, NEW.hostname, NEW.address, NEW.boot_state, NEW.op_state, NEW.stage, NEW.repair_state, NEW.required_image,
   NEW.observed_image, NEW.owner, NEW.pool, NEW.profile_id, NEW.rack_id, NEW.unit, NEW.slot, NEW.product, NEW.serial,
   NEW.resembles, NEW.remarks, NEW.held, NEW.paused, NEW.in_service_at)
) EXECUTE FUNCTION note_machine();
--> statement-breakpoint
-- What has an id and a machine is not made JSON of for two of its columns.
CREATE OR REPLACE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of jsonb;
BEGIN
  IF TG_OP <> 'DELETE' AND TG_ARGV[1] = 'id' AND TG_ARGV[2] = 'machine_id' THEN
    INSERT INTO public.changes (kind, subject, machine_id) VALUES (TG_ARGV[0], NEW.id, NEW.machine_id);
    RETURN NULL;
  END IF;
  of := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
  INSERT INTO public.changes (kind, subject, machine_id) VALUES (TG_ARGV[0], of ->> TG_ARGV[1], of ->> TG_ARGV[2]);
  RETURN NULL;
END $$;
