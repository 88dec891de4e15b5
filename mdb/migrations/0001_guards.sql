-- Legal state edges and the append-only history of every guarded column.
CREATE FUNCTION machines_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER machines_guard AFTER INSERT OR UPDATE ON machines FOR EACH ROW EXECUTE FUNCTION machines_guard();
--> statement-breakpoint
CREATE FUNCTION machines_rise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  IF NEW.directive IS DISTINCT FROM OLD.directive THEN
    NEW.directive_seq := OLD.directive_seq + 1;
    PERFORM pg_notify('farrier_directive', NEW.id);
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER machines_rise BEFORE UPDATE ON machines FOR EACH ROW EXECUTE FUNCTION machines_rise();
--> statement-breakpoint
CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('farrier_outbox', '');
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();
--> statement-breakpoint
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION append_only();
--> statement-breakpoint
CREATE TRIGGER state_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON state_history FOR EACH STATEMENT EXECUTE FUNCTION append_only();
--> statement-breakpoint
-- Each row's hash covers the row before it. The advisory lock puts writers in a line until they commit, which is
-- why the audit row is the last one a transaction inserts; the id is taken under the lock, so ids follow the chain.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(719203);
  NEW.id := nextval('audit_id_seq');
  NEW.at := clock_timestamp();
  SELECT coalesce((SELECT hash FROM audit ORDER BY id DESC LIMIT 1), '') INTO NEW.previous;
  NEW.hash := encode(sha256(convert_to(concat_ws('|', NEW.previous, NEW.id,
    to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), NEW.actor_class, NEW.actor, NEW.action,
    coalesce(NEW.machine_id, ''), coalesce(NEW.order_id, ''), NEW.detail::text), 'UTF8')), 'hex');
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_chain();
