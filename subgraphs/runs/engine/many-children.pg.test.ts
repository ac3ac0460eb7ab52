import { approval } from "@soma/sdk/approval";
import { map } from "@soma/sdk/branches";
import { graph, replaced } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { waitForSignal } from "@soma/sdk/wait";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelRun } from "../commands/cancel-run.ts";
import { decideApproval } from "../commands/decide-approval.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { approvalIdOf } from "../domain/wait-names.ts";
import { claimRuns } from "../store/claim-runs.ts";
import { listOpenQuestions } from "../store/list-open-questions.ts";
import { registerWorker } from "../store/register-worker.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { type Children, createChildren } from "./execute/children.ts";
import { createRunContext } from "./execute/run-context.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

const CHILDREN = 200;

const helper = graph("helper", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => "42");
const listener = graph("listener", 1, {})
  .node("waits", waitForSignal("never", { heard: () => ({ summary: "" }) }))
  .build(() => "");

/** Three items at a time, each in a run of its own; one of them asks a person instead. */
const each = graph("each", 1, { item: replaced(""), told: replaced("") })
  .node("which", { type: "branch", pure: true, run: () => ({ summary: "" }) })
  .when("which", ["asks", "delegates"], ({ item }) => (item === "ask" ? "asks" : "delegates"))
  .node(
    "asks",
    approval({ ask: () => ({ question: "Sure?" }), approved: () => ({ summary: "", patch: { told: "sure" } }) }),
  )
  .node(
    "delegates",
    runAgent({
      graph: "helper",
      input: ({ item }) => ({ text: item }),
      done: ({ status }) => ({ summary: "", patch: { told: status } }),
    }),
  )
  .build((state) => state.told);
const many = graph("many", 1, { told: replaced("") })
  .node(
    "all",
    map({
      over: () => ["a", "b", "ask", "c", "d", "e"],
      graph: each,
      start: (item) => ({ item }),
      limit: 3,
      join: (ends) => ({ summary: "", patch: { told: ends.map(({ told }) => told).join(" ") } }),
    }),
  )
  .build((state) => state.told);

describe("a run that has started many others", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([helper, listener, many]);
  });
  afterAll(() => harness.close());

  /** A run that a worker has which no test sees, and how it starts others. */
  async function aParent(maxChildren = CHILDREN): Promise<{ runId: string; children: Children }> {
    const { worker: sql } = harness.database;
    const { runId } = await harness.start({ graph: "listener" });
    const owner = await registerWorker(sql, { workerId: newId(), slots: 1, build: "test", leaseMs: 600_000 });
    // Those of other tests may be due, too.
    const claimed = await claimRuns(sql, { owner, graphs: [listener.pin], slots: 16 });
    const run = claimed.find((each) => each.runId === runId);
    if (run === undefined) throw new Error(`run ${runId} was not claimed`);
    const context = createRunContext({
      ...{ run, log: createSilentLog(), now: () => new Date() },
      services: () => ({}) as never,
    });
    const limits = { maxParents: 8, maxChildren };
    const graphs = createGraphRegistry([helper, listener]);
    return { runId, children: createChildren({ sql, graphs, limits, mayDelegate: () => true }, context) };
  }
  const start = ({ children }: { children: Children }, step: number, agent = "helper") =>
    children.start({ graph: agent, input: { text: "help" } }, { step, call: 0, until: null });
  /** One after another, as the lock of their tree has it anyway. */
  async function startAll(parent: { children: Children }, count: number, agents = ["helper"]): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) ids.push(await start(parent, i + 1, agents[i % agents.length]));
    return ids;
  }

  /** Two workers, and the errors of their commits. */
  async function twoWorkers(): Promise<{ refused: unknown[]; close(): Promise<unknown> }> {
    const refused: unknown[] = [];
    const noted = (sql: Sql): Sql =>
      new Proxy(sql, {
        apply: (call, self, args) =>
          Reflect.apply(call, self, args).catch((error: unknown) => {
            refused.push(error);
            throw error;
          }),
      });
    const workers = [
      await harness.startWorker(CHILDREN, new Set(), noted),
      await harness.startWorker(CHILDREN, new Set(), noted),
    ];
    return { refused, close: () => Promise.all(workers.map(({ life }) => life.close())) };
  }
  const ended = (runId: string) =>
    until(`all that ${runId} started have ended`, async () => {
      const [row] = await harness.database.owner<{ left: number }[]>`
        select count(*)::int as left from run where parent_run_id = ${runId} and status < 10`;
      return row?.left === 0;
    });

  it("hears of the end of each once, when all end at once in two workers", async () => {
    const parent = await aParent();
    const ids = await startAll(parent, CHILDREN);
    const workers = await twoWorkers();
    await ended(parent.runId);
    const rows = await harness.database.owner<{ no: number; name: string; payload: unknown }[]>`
      select no, name, payload from signal where run_id = ${parent.runId} order by no`;
    expect(rows.map(({ no }) => no)).toEqual(ids.map((_, i) => i + 1));
    expect(rows.map(({ name }) => name).toSorted()).toEqual(ids.map((id) => `child:${id}`).toSorted());
    expect(rows[0]?.payload).toMatchObject({ status: "SUCCEEDED", answer: "42" });
    expect(workers.refused).toEqual([]);
    await workers.close();
  });

  it("starts each once when it is asked twice at the same time, and no more than it may", async () => {
    const parent = await aParent(3);
    const twice = await Promise.all([start(parent, 1), start(parent, 1), start(parent, 2), start(parent, 2)]);
    expect(new Set(twice).size).toBe(2);
    await start(parent, 3);
    await expect(start(parent, 4)).rejects.toThrow(/3 are below run .*, the most \(SOMA_RUN_MAX_CHILDREN\)/);
    await harness.database.owner`update run set epoch = epoch + 1 where run_id = ${parent.runId}`;
    await expect(start(parent, 5)).rejects.toMatchObject({ code: "FENCED" });
    expect(await start(parent, 1)).toBe(twice[0]);
    const [row] = await harness.database.owner`select children from run where run_id = ${parent.runId}`;
    expect(row).toEqual({ children: 3 });
  });

  it("starts one in each of its branches, and waits for a person in another, in one place", async () => {
    const { life } = await harness.startWorker(1);
    const { runId } = await harness.start({ graph: "many" });
    await until("all others have ended and it asks", async () => {
      const ended = await harness.database.owner`select from run where parent_run_id = ${runId} and status >= 10`;
      return ended.length === 5 && (await harness.find(runId))?.status === RUN_STATUS.WAITING_APPROVAL.code;
    });
    const [asked] = await transaction(harness.database.request, { tenant: "acme" }, (tx) =>
      listOpenQuestions(tx, { runIds: [runId] }),
    );
    await decideApproval(harness.database.request, aPrincipal({ roles: ["approver"] }), {
      ...{ approvalId: approvalIdOf(runId, asked?.payload.name ?? ""), approve: true, idempotencyKey: newId() },
    });
    await harness.finished(runId);
    expect((await harness.history(runId)).at(-1)?.payload).toEqual({
      answer: "SUCCEEDED SUCCEEDED sure SUCCEEDED SUCCEEDED SUCCEEDED",
    });
    await life.close();
  });

  it("is canceled with all of them while they go on and end in two workers, and nobody waits for another in a ring", async () => {
    const parent = await aParent();
    await startAll(parent, 80, ["helper", "listener"]);
    const workers = await twoWorkers();
    await until("one of them has ended", async () => {
      const [row] = await harness.database
        .owner`select from run where parent_run_id = ${parent.runId} and status >= 10`;
      return row;
    });
    await cancelRun(harness.database.request, aPrincipal(), { runId: parent.runId, idempotencyKey: newId() });
    await ended(parent.runId);
    const [row] = await harness.database.owner`select count(*)::int as canceled from run
      where parent_run_id = ${parent.runId} and status = ${RUN_STATUS.CANCELED.code}`;
    expect(row?.canceled).toBeGreaterThanOrEqual(40);
    expect(workers.refused).toEqual([]);
    await workers.close();
  });
});
