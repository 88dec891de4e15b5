-- The row of a machine is updated each time that its agent is heard; what guards its states runs only where one changes,
-- and reads the row once: as JSON it has some fifty columns.
CREATE OR REPLACE FUNCTION machines_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  after jsonb := to_jsonb(NEW);
  before jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}'::jsonb ELSE to_jsonb(OLD) END;
  guarded_column text;
  old_value text;
  new_value text;
BEGIN
  FOREACH guarded_column IN ARRAY ARRAY['boot_state', 'op_state', 'stage', 'repair_state'] LOOP
    new_value := after ->> guarded_column;
    old_value := before ->> guarded_column;
    CONTINUE WHEN old_value IS NOT DISTINCT FROM new_value;
    IF old_value IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM legal_edges e WHERE e.guarded = guarded_column AND e."from" = old_value AND e."to" = new_value
    ) THEN
      RAISE EXCEPTION 'machine %: % cannot go from % to %', NEW.id, guarded_column, old_value, new_value
        USING ERRCODE = 'check_violation', CONSTRAINT = 'machines_legal_edge';
    END IF;
    INSERT INTO state_history (machine_id, guarded, "from", "to", actor, order_id)
    VALUES (NEW.id, guarded_column, old_value, new_value,
            coalesce(nullif(current_setting('farrier.actor', true), ''), 'unnamed'),
            nullif(current_setting('farrier.order', true), ''));
  END LOOP;
  RETURN NULL;
END $$;
--> statement-breakpoint
DROP TRIGGER machines_guard ON machines;
--> statement-breakpoint
CREATE TRIGGER machines_guard AFTER INSERT ON machines FOR EACH ROW EXECUTE FUNCTION machines_guard();
--> statement-breakpoint
CREATE TRIGGER machines_guard_changes AFTER UPDATE ON machines FOR EACH ROW
WHEN ((OLD.boot_state, OLD.op_state, OLD.stage, OLD.repair_state)
  IS DISTINCT FROM (NEW.boot_state, NEW.op_state, NEW.stage, NEW.repair_state))
EXECUTE FUNCTION machines_guard();
