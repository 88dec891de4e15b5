CREATE TABLE "boot_files" (
	"path" text PRIMARY KEY NOT NULL,
	"bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"laid_at" timestamp with time zone DEFAULT now() NOT NULL
);
