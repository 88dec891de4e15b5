-- A writer that works for an earlier run of its order's passage changes no row of the machine, and one whose order has
-- ended moves its state no more. Checked here, where the row is locked: a check before the lock could be overtaken.
CREATE FUNCTION machines_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  given text := nullif(current_setting('farrier.epoch', true), '');
  named text := nullif(current_setting('farrier.order', true), '');
  known record;
BEGIN
  IF given IS NULL OR named IS NULL THEN
    RETURN NEW;
  END IF;
  SELECT o.epoch, o.state INTO known FROM orders o WHERE o.id = named;
  IF NOT FOUND THEN
    RETURN NEW;
  END IF;
  IF known.epoch <> given::integer THEN
    RAISE EXCEPTION 'machine %: order % goes on in its run %, and this is its run %: nothing was changed',
      NEW.id, named, known.epoch, given USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'machines_epoch';
  END IF;
  IF known.state NOT IN ('waiting', 'running') AND (
    (OLD.boot_state, OLD.op_state, OLD.stage, OLD.repair_state)
      IS DISTINCT FROM (NEW.boot_state, NEW.op_state, NEW.stage, NEW.repair_state)
  ) THEN
    RAISE EXCEPTION 'machine %: order % has ended (%) and moves it no more: nothing was changed',
      NEW.id, named, known.state USING ERRCODE = 'object_not_in_prerequisite_state', CONSTRAINT = 'machines_epoch';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER machines_epoch BEFORE UPDATE ON machines FOR EACH ROW EXECUTE FUNCTION machines_epoch();
