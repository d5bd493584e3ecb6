import { defineConfig } from 'drizzle-kit'

// `npm run migration -- --name=what-it-does` compares the tables with the last migration; partitions, forced row-level
// security, roles and functions are written by hand (`--custom`).
export default defineConfig({ dialect: 'postgresql', schema: './src/db/tables.ts', out: './drizzle' })
