-- The guard of a machine's states names its tables with the schema again: whoever makes a temporary table of the same name
-- would else say which moves are legal, and where they are written.
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
