ALTER TABLE "semaphores" ADD COLUMN "per_minute" integer;--> statement-breakpoint
CREATE INDEX "permits_granted" ON "permits" USING btree ("semaphore","granted_at");--> statement-breakpoint
ALTER TABLE "semaphores" ADD CONSTRAINT "semaphores_rate" CHECK ("semaphores"."per_minute" between 1 and 100000);