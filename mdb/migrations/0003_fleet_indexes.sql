CREATE INDEX "human_steps_machine" ON "human_steps" USING btree ("machine_id","opened_at");--> statement-breakpoint
CREATE INDEX "orders_machine" ON "orders" USING btree ("machine_id","created_at");