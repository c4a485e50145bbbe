import { defineConfig } from 'vitest/config';

/** Stories that share nothing of the host: each has a database, folders and ports of its own. Two at a time. */
const apart = [
  ...['server', 'store', 'identity', 'contract'].map((area) => `test/integration/${area}/**/*.test.ts`),
  'test/e2e/**/*.test.ts',
];
/** Whole stories on a busy machine: no limit may decide what is right. */
const patience = { testTimeout: 600_000, hookTimeout: 1_200_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'test/*.test.ts',
            'bench/**/*.test.ts',
            'examples/**/*.test.ts',
            'ui/**/*.test.ts',
          ],
          setupFiles: ['test/every-file-closed.ts', 'test/property-seed.ts'],
          isolate: false,
          pool: 'threads',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: ['**/*.long.test.ts', ...apart],
          pool: 'forks',
          fileParallelism: false,
          ...patience,
        },
      },
      {
        test: {
          name: 'apart',
          include: apart,
          exclude: ['**/*.long.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          ...patience,
        },
      },
      {
        test: {
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 1_200_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
