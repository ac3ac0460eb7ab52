import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Folders as authors of projects have them; their tests run on Node's own runner, as theirs do. */
const PROJECTS = ["subgraphs/sdk/{samples,template}/**"];
const ignored = ["**/node_modules/**", "**/.soma/**", "**/.tools/**", ...PROJECTS];

/** Node takes graphql's CommonJS file and Vite its ES module; two copies refuse each other's schemas. */
const resolve = { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve("graphql/index.js")) }] };

/**
 * Percent of lines that the tests of a package reach at least, in the processes of the tests themselves. What runs in a
 * process of its own does not count, though tests/system shows it: most commands of infra/cli, the start of each main.ts.
 * Only ever raised.
 */
const FLOORS = {
  conf: 90,
  gateway: 95,
  graphql: 95,
  "infra/cli": 30,
  schemas: 100,
  "subgraphs/langgraph": 95,
  "subgraphs/memory": 95,
  "subgraphs/policy": 95,
  "subgraphs/runs": 75,
  "subgraphs/sdk": 100,
  "subgraphs/shared": 90,
  "subgraphs/tools": 85,
  webui: 95,
};

/** Starts, builds and generated code: other checks run them, and none of it in a process of tests. */
const NOT_MEASURED = ["infra/local/**", "conf/policies/build.ts", "**/generated/**", "**/generated.ts"];
const TESTS = ["**/*.test.ts", "**/*.test.tsx", "**/*.contract.ts", "**/testing/**", ...PROJECTS];

/** Stories that measure nothing in time, most of which start a product again and again: they wait a lot, and stand side by side. */
const SIDE_BY_SIDE = [
  "tests/system/{any-model,dead-letters,goes-back,on-kafka,one-graph,one-part,own-agents,policy-denies,tenants-apart,torture}/*.test.ts",
  "tests/system/{survives-database,survives-lock,full-volumes}/*.test.ts",
  "tests/system/survives-kill/*.test.ts",
  "tests/system/survives-stop/*.test.ts",
  "tests/system/first-minutes/{first-command,killed-first-start,two-starts,data-folder,read-only,readme}.test.ts",
  "tests/system/nothing-stays-running/*.test.ts",
  "tests/system/page/own-project.test.ts",
];

/** Those that take longest, in their order: begun last, nothing would stand beside them. */
const LONGEST = [
  "kill-loop",
  "killed-first-start",
  "in-every-step",
  "first-command",
  "survives-database",
  "survives-kill",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

/** A whole product, in processes of its own. */
const system = { globalSetup: ["infra/local/test-page.ts"], testTimeout: 120_000, hookTimeout: 120_000 };

/** For rules: every line, every branch, in every file. */
const WHOLE = { lines: 100, functions: 100, branches: 100, statements: 100, perFile: true };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    coverage: {
      include: ["{conf,gateway,graphql,infra,schemas,subgraphs}/**/*.ts", "webui/src/**/*.{ts,tsx}"],
      exclude: [...NOT_MEASURED, ...TESTS],
      reporter: ["text-summary", ["text", { file: "coverage.txt", skipFull: true }]],
      thresholds: {
        ...Object.fromEntries(Object.entries(FLOORS).map(([name, lines]) => [`${name}/**`, { lines }])),
        "subgraphs/*/domain/**": WHOLE,
      },
    },
    // One project after the other: each has its own number of workers, so that none starves what another measures in time.
    projects: [
      {
        resolve,
        test: {
          name: "pure",
          sequence: { groupOrder: 1 },
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...ignored, "**/*.pg.test.ts", "**/*.io.test.ts", "**/*.dom.test.tsx", "tests/system/**"],
          testTimeout: 10_000,
          // Pure tests leave nothing behind, so files share a process and what it has loaded: a third of the time.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        // Pure too, with a window: its globals are not for the others.
        test: {
          name: "dom",
          sequence: { groupOrder: 1 },
          environment: "happy-dom",
          include: ["webui/src/**/*.dom.test.tsx"],
          setupFiles: ["webui/testing/set-up.ts"],
          testTimeout: 10_000,
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          name: "io",
          sequence: { groupOrder: 2 },
          include: ["**/*.io.test.ts"],
          exclude: ignored,
          testTimeout: 20_000,
          // What is before the first test of a machine may have a program fetched.
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          name: "postgres",
          sequence: { groupOrder: 3 },
          include: ["**/*.pg.test.ts"],
          exclude: ignored,
          globalSetup: ["infra/local/test-postgres.ts"],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          // Each file has a schema of its own; what they have loaded they share, as the pure ones do: two thirds of the CPU.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          ...system,
          name: "system",
          sequence: { groupOrder: 4 },
          include: ["tests/system/**/*.test.ts"],
          exclude: [...ignored, ...SIDE_BY_SIDE],
          maxWorkers: 1,
        },
      },
      {
        resolve,
        test: {
          ...system,
          name: "side-by-side",
          sequence: { groupOrder: 5 },
          include: SIDE_BY_SIDE,
          exclude: ignored,
          maxWorkers: 2,
        },
      },
    ],
  },
});
