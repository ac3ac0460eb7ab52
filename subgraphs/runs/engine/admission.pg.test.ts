import { graph } from "@soma/sdk/graph";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forkRun } from "../commands/fork-run.ts";
import { rollbackRun } from "../commands/rollback-run.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { fillQueue } from "../testing/fill-queue.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

const one = graph("one", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "done" }) })
  .build(() => "done");

const LIMITS = {
  "*": { weight: 1, maxUnfinished: 3 },
  large: { weight: 1, maxUnfinished: 400 },
  "large-and-empty": { weight: 1, maxUnfinished: 400 },
};

describe("startRun() beside a limit of unfinished runs", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([one], { tenants: LIMITS });
  });
  afterAll(() => harness.close());

  /** Starts so many at once for a tenant; the codes of those that were refused. */
  async function startAtOnce(tenant: string, count: number): Promise<string[]> {
    const principal = aPrincipal({ tenant });
    const starts = await Promise.allSettled(
      Array.from({ length: count }, () => harness.start({ graph: "one" }, principal)),
    );
    return starts.flatMap((start) => (start.status === "rejected" ? [String(start.reason.code)] : []));
  }
  const unfinished = async (tenant: string): Promise<number> =>
    (await harness.database.owner`select count(*)::int as n from run where tenant = ${tenant} and status < 10`)[0]?.n;

  it("refuses the one beyond it, says what to do, and gives repeats their run", async () => {
    const ids = [];
    for (const idempotencyKey of ["1", "2", "3"])
      ids.push((await harness.start({ graph: "one", idempotencyKey })).runId);
    const refused = harness.start({ graph: "one" });
    await expect(refused).rejects.toMatchObject({ code: "LIMIT_EXCEEDED", retryable: true, retryAfterMs: 1_000 });
    await expect(refused).rejects.toThrow(
      "tenant acme has 3 unfinished runs, which is all it may have (maxUnfinished of tenants.yaml)",
    );
    expect((await harness.start({ graph: "one", idempotencyKey: "2" })).runId).toBe(ids[1]);
    const { database, admission } = harness;
    const deps = { sql: database.request, admission, graphs: createGraphRegistry([one]), now: () => new Date() };
    const fork = { runId: ids[0] ?? "", atSeq: 1, idempotencyKey: "fork" };
    await expect(forkRun(deps, aPrincipal(), fork)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(await startAtOnce("other", 3)).toEqual([]);
  });

  it("refuses to take back a run that has ended, and gives a repeat what was done", async () => {
    const { database, admission } = harness;
    const deps = { sql: database.request, admission, graphs: createGraphRegistry([one]), now: () => new Date() };
    const principal = aPrincipal({ tenant: "again" });
    const { runId } = await harness.start({ graph: "one" }, principal);
    const back = (idempotencyKey: string) => rollbackRun(deps, principal, { runId, toSeq: 1, idempotencyKey });
    const finish = () => database.owner`update run set status = 10 where run_id = ${runId}`;
    await finish();
    expect((await back("first")).run.status).toBeLessThan(10);
    await finish();
    expect(await startAtOnce("again", 4)).toHaveLength(1);
    await expect(back("second")).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect((await back("first")).run.runId).toBe(runId);
  });

  it("counts exactly when many start at once", async () => {
    expect(await startAtOnce("crowd", 12)).toEqual(Array(9).fill("LIMIT_EXCEEDED"));
    expect(await unfinished("crowd")).toBe(3);
  });

  it("counts a few times on the way to a large limit, and comes to it exactly", async () => {
    await fillQueue(harness.database.owner, { tenant: "large", count: 350, status: 2, dueIn: "1 hour" });
    expect(await startAtOnce("large", 60)).toHaveLength(10);
    expect(await unfinished("large")).toBe(400);
  });

  it("far from the limit no start waits for another's", async () => {
    const all = Promise.withResolvers<void>();
    let begun = 0;
    const start = (): Promise<void> => {
      begun += 1;
      if (begun === 20) all.resolve();
      return all.promise;
    };
    await Promise.all(Array.from({ length: 20 }, () => harness.admission.admit({ tenant: "large-and-empty" }, start)));
  });

  it("lets runs start again when some have ended", async () => {
    const crowd = aPrincipal({ tenant: "crowd" });
    await harness.database.owner`update run set status = 10 where tenant = 'crowd'`;
    harness.skip(1_000);
    await harness.start({ graph: "one" }, crowd);
  });
});
