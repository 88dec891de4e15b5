DROP INDEX "machines_mac";--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "unseen" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "machines_mac_unique" ON "machines" USING btree ("mac") WHERE mac_moved_to is null;