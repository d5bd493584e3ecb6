import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // Vite would take graphql's ES module build beside the CommonJS one that Node gives to Yoga and Pothos: two copies refuse each other's schemas.
    alias: [{ find: /^graphql$/, replacement: resolve(import.meta.dirname, 'node_modules/graphql/index.js') }],
  },
  test: {
    include: ['{src,simulator,test,bench,examples,scripts}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', '.sandbox/**'],
    globalSetup: ['test/support/postgres.ts'],
    setupFiles: ['test/support/canary/wire.ts'],
    // The canary scan is part of the teardown.
    teardownTimeout: 60_000,
    pool: 'forks',
    // Many files wait for processes and timers: one worker for each core would leave the cores idle.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
