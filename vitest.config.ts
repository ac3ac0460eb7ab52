import { defineConfig } from "vitest/config";

const ignored = ["**/node_modules/**", "**/.soma/**", "**/.tools/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "pure",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...ignored, "**/*.pg.test.ts", "tests/**"],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: "postgres",
          include: ["**/*.pg.test.ts"],
          exclude: ignored,
          globalSetup: ["infra/local/test-postgres.ts"],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "system",
          include: ["tests/system/**/*.test.ts"],
          exclude: ignored,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
    ],
  },
});
