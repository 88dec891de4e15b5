ALTER TABLE "permits" RENAME COLUMN "asked_at" TO "requested_at";--> statement-breakpoint
ALTER TABLE "comparisons" RENAME COLUMN "asked_at" TO "requested_at";--> statement-breakpoint
ALTER TABLE "comparisons" RENAME COLUMN "asked_by" TO "requested_by";--> statement-breakpoint
ALTER TABLE "capacity_rules" RENAME COLUMN "least" TO "min";--> statement-breakpoint
ALTER TABLE "capacity_rules" RENAME CONSTRAINT "capacity_rules_least" TO "capacity_rules_min";--> statement-breakpoint
ALTER TABLE "rungs" RENAME TO "repair_attempts";--> statement-breakpoint
ALTER TABLE "repair_attempts" RENAME COLUMN "rung" TO "attempt";--> statement-breakpoint
ALTER TABLE "repair_attempts" RENAME COLUMN "climbed_at" TO "attempted_at";--> statement-breakpoint
ALTER TABLE "repair_attempts" RENAME CONSTRAINT "rungs_pkey" TO "repair_attempts_pkey";--> statement-breakpoint
ALTER TABLE "repair_attempts" RENAME CONSTRAINT "rungs_machine_id_machines_id_fk" TO "repair_attempts_machine_id_machines_id_fk";--> statement-breakpoint
ALTER TABLE "repair_attempts" RENAME CONSTRAINT "rungs_order_id_orders_id_fk" TO "repair_attempts_order_id_orders_id_fk";--> statement-breakpoint
ALTER INDEX "rungs_machine" RENAME TO "repair_attempts_machine";--> statement-breakpoint
ALTER SEQUENCE "rungs_id_seq" RENAME TO "repair_attempts_id_seq";--> statement-breakpoint
ALTER TABLE "ticket_mirrors" RENAME COLUMN "told" TO "last_note_sent";--> statement-breakpoint
ALTER TABLE "bmcs" RENAME COLUMN "word" TO "identity_answer";--> statement-breakpoint
UPDATE "bmcs" SET "identity_answer" = "identity_answer" - 'shown' || jsonb_build_object('observed', "identity_answer" -> 'shown') WHERE "identity_answer" ? 'shown';--> statement-breakpoint
UPDATE "sites" SET "policy" = "policy" - 'strangersPerMinute' || jsonb_build_object('unknownMachinesPerMinute', "policy" -> 'strangersPerMinute') WHERE "policy" ? 'strangersPerMinute';--> statement-breakpoint
UPDATE "outbox" SET "payload" = "payload" - 'message' || jsonb_build_object('signal', "payload" -> 'message') WHERE "kind" = 'permit' AND "payload" ? 'message';