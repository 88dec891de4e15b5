import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './mdb/schema.ts', out: './mdb/migrations' });
