import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{src,simulator,test,bench,examples,scripts}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', '.sandbox/**'],
    globalSetup: ['test/support/postgres.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
