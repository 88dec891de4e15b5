CREATE TABLE "policy_versions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"version" integer NOT NULL,
	"at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"actor" text NOT NULL,
	"reason" text,
	"approved_by" text,
	"restores" integer,
	"value" jsonb,
	CONSTRAINT "policy_versions_one" UNIQUE("kind","subject","version")
);
--> statement-breakpoint
CREATE TRIGGER policy_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_versions FOR EACH STATEMENT EXECUTE FUNCTION append_only();
--> statement-breakpoint
-- Its arguments: the kind, the columns that name one policy, and those that are none of what it says. A policy from before
-- versions were kept gets a first one when it is changed. Who writes one policy waits at its row for the other.
CREATE FUNCTION keep_policy_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  row_now jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
  beside text[] := string_to_array(TG_ARGV[2], ',');
  before jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - beside END;
  after jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE row_now - beside END;
  named text := (SELECT string_agg(row_now ->> key, '/' ORDER BY place)
    FROM unnest(string_to_array(TG_ARGV[1], ',')) WITH ORDINALITY AS keys(key, place));
  last integer;
BEGIN
  IF before IS NOT DISTINCT FROM after THEN
    RETURN NULL;
  END IF;
  SELECT max(version) INTO last FROM public.policy_versions WHERE kind = TG_ARGV[0] AND subject = named;
  IF last IS NULL AND before IS NOT NULL THEN
    last := 1;
    INSERT INTO public.policy_versions (kind, subject, version, actor, reason, value)
    VALUES (TG_ARGV[0], named, 1, 'unknown', 'as it was before versions were kept', before);
  END IF;
  INSERT INTO public.policy_versions (kind, subject, version, actor, reason, approved_by, restores, value)
  VALUES (TG_ARGV[0], named, coalesce(last, 0) + 1,
    coalesce(nullif(current_setting('farrier.actor', true), ''), 'unnamed'),
    nullif(current_setting('farrier.reason', true), ''), nullif(current_setting('farrier.approver', true), ''),
    nullif(current_setting('farrier.restores', true), '')::integer, after);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER sites_versions AFTER INSERT OR UPDATE OR DELETE ON sites
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('site', 'id', 'credential_salt');
--> statement-breakpoint
CREATE TRIGGER profiles_versions AFTER INSERT OR UPDATE OR DELETE ON profiles
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('profile', 'id', '');
--> statement-breakpoint
CREATE TRIGGER pools_versions AFTER INSERT OR UPDATE OR DELETE ON pools
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('pool', 'id', 'updated_at');
--> statement-breakpoint
CREATE TRIGGER semaphores_versions AFTER INSERT OR UPDATE OR DELETE ON semaphores
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('semaphore', 'operation,tag,value', 'updated_by,reason,updated_at');
--> statement-breakpoint
CREATE TRIGGER permit_groups_versions AFTER INSERT OR UPDATE OR DELETE ON permit_groups
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('permit-groups', 'operation', 'updated_by,reason,updated_at');
--> statement-breakpoint
CREATE TRIGGER capacity_rules_versions AFTER INSERT OR UPDATE OR DELETE ON capacity_rules
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('capacity', 'scope,name', 'set_by,set_at');
--> statement-breakpoint
CREATE TRIGGER brakes_versions AFTER INSERT OR UPDATE OR DELETE ON brakes
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('circuit-breaker', 'id', 'engaged_at,cool_until,reason,engaged_by,ticket_id,counted_from,override_until,override_by');
--> statement-breakpoint
CREATE TRIGGER ticket_routes_versions AFTER INSERT OR UPDATE OR DELETE ON ticket_routes
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('ticket-route', 'site_id,team', '');
--> statement-breakpoint
CREATE TRIGGER oncall_versions AFTER INSERT OR UPDATE OR DELETE ON oncall
  FOR EACH ROW EXECUTE FUNCTION keep_policy_version('oncall', 'team', 'updated_at');
