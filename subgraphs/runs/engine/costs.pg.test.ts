import { graph, replaced } from "@soma/sdk/graph";
import type { StepServices } from "@soma/sdk/services";
import { readSettings } from "@soma/shared/config";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { connect, type Sql } from "@soma/shared/postgres/connect";
import { type BreakableProxy, createBreakableProxy } from "@soma/shared/postgres/testing/breakable-proxy";
import { recordStatements } from "@soma/shared/postgres/testing/record-statements";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClaimedRun, claimRuns } from "../store/claim-runs.ts";
import type { Incarnation } from "../store/commit-batch.ts";
import { registerWorker } from "../store/register-worker.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { executeRun } from "./execute/execute-run.ts";
import { createRunContext } from "./execute/run-context.ts";
import { runLimitSettings } from "./execute/run-limits.ts";
import { recordsOf } from "./execute/run-records.ts";
import { createCommitBatcher } from "./journal/commit-batcher.ts";
import { commitsOf } from "./journal/commits.ts";

const STEPS = 10;
const log = createSilentLog();
const limits = readSettings(runLimitSettings, {});
/** Called by each step before it does anything. */
let onStep: () => void = () => {};

const building = graph("ten", 1, { kept: replaced("") });
for (let i = 1; i <= STEPS; i += 1) {
  const patch = { kept: "x".repeat(200) };
  building.node(`step${i}`, {
    type: "tool",
    run: () => {
      onStep();
      return { summary: "done", patch };
    },
  });
  if (i > 1) building.edge(`step${i - 1}`, `step${i}`);
}
const ten = building.build(() => "done");

/** The engine without the loops that also ask the database now and then, so that every statement is one of a run. */
describe("what runs of ten steps cost", () => {
  const server = process.env.SOMA_TEST_DATABASE_URL;
  let proxy: BreakableProxy;
  let statements: string[];
  let harness: EngineHarness;
  let owner: Incarnation;
  let commits: Sql;

  beforeAll(async () => {
    proxy = await createBreakableProxy(server ?? "");
    statements = recordStatements(proxy);
    process.env.SOMA_TEST_DATABASE_URL = proxy.url;
    harness = await createEngineHarness([ten]);
    const { worker, urls, schema } = harness.database;
    owner = await registerWorker(worker, { workerId: newId(), slots: 64, build: "test", leaseMs: 60_000 });
    commits = connect({ url: urls.worker, schema, applicationName: "test-commits", max: 1 });
    // Each connection prepares what it asks for the first time, and looks up the types it meets.
    await runTogether(4);
  });
  afterAll(async () => {
    process.env.SOMA_TEST_DATABASE_URL = server;
    await commits.end({ timeout: 2 });
    await harness.close();
    await proxy.close();
  });

  async function startAndClaim(count: number): Promise<ClaimedRun[]> {
    await Promise.all(Array.from({ length: count }, () => harness.start({ graph: "ten" })));
    return claimRuns(harness.database.worker, { owner, graphs: [ten.pin], slots: count });
  }

  async function runTogether(count: number): Promise<void> {
    const batcher = createCommitBatcher({ commits: commitsOf({ commits, projects: commits }, owner), log });
    const runs = await startAndClaim(count);
    expect(runs).toHaveLength(count);
    await Promise.all(
      runs.map((run) => {
        const context = createRunContext({ run, services: () => ({}) as StepServices, log, now: () => new Date() });
        return executeRun({
          context,
          graph: ten,
          batcher,
          children: { start: () => Promise.reject(new Error("not used")) },
          limits,
          records: recordsOf(harness.database.worker),
          onCommitted() {},
        });
      }),
    );
  }

  /**
   * Statements since the last time, by the function they call; hints to other processes are sent beside a run, by the
   * clock.
   */
  function taken(): string[] {
    return statements
      .splice(0)
      .filter((text) => !text.includes("pg_notify"))
      .map((text) => /from (\w+)\(/.exec(text)?.[1] ?? text);
  }

  it("a run has begun its first effect after three statements, and ended after one more for each step and its end", async () => {
    let first: string[] | undefined;
    onStep = () => {
      first ??= taken();
    };
    taken();
    await runTogether(1);
    onStep = () => {};
    expect(first).toEqual(["begin_runs", "claim_runs", "commit_batch"]);
    expect(taken()).toEqual(Array.from({ length: STEPS }, () => "commit_batch"));
  });

  it("32 at once cost at most a tenth of a statement for each step", async () => {
    taken();
    await runTogether(32);
    const all = taken();
    expect(all.filter((name) => name === "begin_runs")).toHaveLength(1);
    expect(new Set(all)).toEqual(new Set(["begin_runs", "claim_runs", "commit_batch"]));
    expect(all.length).toBeLessThanOrEqual((32 * STEPS) / 10);
  });

  it("a step that keeps 200 bytes writes at most 1600 bytes of WAL when it commits, with the end of its run", async () => {
    const walOf = async (): Promise<{ bytes: number; images: number }> => {
      await commits`select pg_stat_force_next_flush()`;
      const [row] = await commits<{ bytes: number; images: number }[]>`
        select wal_bytes::float8 as bytes, wal_fpi::float8 as images from pg_stat_get_backend_wal(pg_backend_pid())`;
      return row ?? { bytes: 0, images: 0 };
    };
    const before = await walOf();
    await runTogether(32);
    const after = await walOf();
    // Whole pages are written after a checkpoint, however little was changed in them.
    const bytes = after.bytes - before.bytes - (after.images - before.images) * 8_192;
    expect(bytes / (32 * STEPS)).toBeGreaterThan(200);
    expect(bytes / (32 * STEPS)).toBeLessThan(1_600);
  });
});
