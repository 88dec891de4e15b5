-- The hash of a row is taken of a JSON list: joined by a bar, a name that holds one could be read in two ways. Rows that
-- are there keep theirs; whoever verifies knows both forms. Tables are named with their schema here and below: who
-- works on the database could else put a temporary table of the same name before them.
CREATE OR REPLACE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(719203);
  NEW.id := nextval('public.audit_id_seq');
  NEW.at := clock_timestamp();
  SELECT coalesce((SELECT hash FROM public.audit ORDER BY id DESC LIMIT 1), '') INTO NEW.previous;
  NEW.hash := encode(sha256(convert_to(jsonb_build_array(NEW.previous, NEW.id,
    to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), NEW.actor_class, NEW.actor, NEW.action,
    NEW.machine_id, NEW.order_id, NEW.detail)::text, 'UTF8')), 'hex');
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION machines_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  guarded_column text;
  old_value text;
  new_value text;
BEGIN
  FOREACH guarded_column IN ARRAY ARRAY['boot_state', 'op_state', 'stage', 'repair_state'] LOOP
    new_value := to_jsonb(NEW) ->> guarded_column;
    old_value := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) ->> guarded_column END;
    CONTINUE WHEN old_value IS NOT DISTINCT FROM new_value;
    IF old_value IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM public.legal_edges e
      WHERE e.guarded = guarded_column AND e."from" = old_value AND e."to" = new_value
    ) THEN
      RAISE EXCEPTION 'machine %: % cannot go from % to %', NEW.id, guarded_column, old_value, new_value
        USING ERRCODE = 'check_violation', CONSTRAINT = 'machines_legal_edge';
    END IF;
    INSERT INTO public.state_history (machine_id, guarded, "from", "to", actor, order_id)
    VALUES (NEW.id, guarded_column, old_value, new_value,
            coalesce(nullif(current_setting('farrier.actor', true), ''), 'unnamed'),
            nullif(current_setting('farrier.order', true), ''));
  END LOOP;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION machines_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  given text := nullif(current_setting('farrier.epoch', true), '');
  named text := nullif(current_setting('farrier.order', true), '');
  known record;
BEGIN
  IF given IS NULL OR named IS NULL THEN
    RETURN NEW;
  END IF;
  SELECT o.epoch, o.state INTO known FROM public.orders o WHERE o.id = named;
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
-- The trigger gives the number; the default would use up another one for each row, and every second would seem missing.
ALTER TABLE audit ALTER COLUMN id DROP DEFAULT;
