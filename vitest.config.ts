import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const ignored = ["**/node_modules/**", "**/.soma/**", "**/.tools/**"];

/** Node takes graphql's CommonJS file and Vite its ES module; two copies refuse each other's schemas. */
const resolve = { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve("graphql/index.js")) }] };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: "pure",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...ignored, "**/*.pg.test.ts", "**/*.io.test.ts", "tests/**"],
          testTimeout: 10_000,
        },
      },
      {
        resolve,
        test: {
          name: "io",
          include: ["**/*.io.test.ts"],
          exclude: ignored,
          testTimeout: 20_000,
          maxWorkers: 1,
        },
      },
      {
        resolve,
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
        resolve,
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
