import { isStepEnd } from "@soma/schemas/run-history";
import { type AnyGraph, graph, replaced } from "@soma/sdk/graph";
import { waitForSignal } from "@soma/sdk/wait";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runResolvers } from "../../api/run-resolvers.ts";
import { createMigrations } from "../../commands/migrate-runs.ts";
import { signalRun } from "../../commands/signal-run.ts";
import { runEvent } from "../../domain/run-event.ts";
import { RUN_STATUS } from "../../domain/run-status.ts";
import { replayLive } from "../../replay-live.ts";
import { appendMigration } from "../../store/append-migration.ts";
import type { RunRow } from "../../store/tables.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";
import { faultsOf } from "../../testing/history-oracle.ts";
import { createGraphRegistry } from "../graphs/graph-registry.ts";

type State = { readonly total: number };
const paid = waitForSignal<State>("paid", { heard: () => ({ summary: "paid" }) });

/** Version 2 thanks after it was paid; version 3 counts in cents. */
const one = graph("bill", 1, { total: replaced(0) })
  .node("price", { type: "tool", run: () => ({ summary: "", patch: { total: 40 } }) })
  .node("paid", paid)
  .edge("price", "paid")
  .build(({ total }) => `${total} paid`);
const withThanks = (version: number) =>
  graph("bill", version, { total: replaced(0) })
    .node("price", { type: "tool", run: () => ({ summary: "", patch: { total: 40 } }) })
    .node("paid", paid)
    .node("thank", { type: "tool", run: () => ({ summary: "thanked" }) })
    .edge("price", "paid")
    .edge("paid", "thank");
const two = withThanks(2)
  .compatibleWith(one.pin)
  .build(({ total }) => `${total} paid, thanks`);
const three = withThanks(3)
  .migrateFrom(one, ({ state }) => ({ state: { total: state.total * 100 } }))
  .build(({ total }) => `${total} cents`);
const stranger = withThanks(4).build(() => "");

describe("runs of a graph that a build does not have", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([one, two, three]);
  });
  afterAll(() => harness.close());

  /** A run that was begun on the first version, and waits to be paid. */
  async function begin(): Promise<string> {
    const { runId } = await harness.start({ graph: "bill" });
    await harness.database.owner`update run set graph_version = 1, graph_hash = ${one.hash} where run_id = ${runId}`;
    const { life } = await harness.startWorker();
    await until(`run ${runId} waits`, async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code);
    await life.close();
    return runId;
  }
  const migrate = (...graphs: AnyGraph[]) =>
    createMigrations({
      ...{ sql: harness.database.worker, graphs: createGraphRegistry(graphs), log: createSilentLog() },
      ...{ now: () => new Date(), onMigrated() {} },
    })();
  async function end(runId: string) {
    const payload = { runId, name: "paid", payload: null, idempotencyKey: newId() };
    await signalRun(harness.database.request, aPrincipal(), payload);
    await harness.startWorker();
    await harness.finished(runId);
    const history = await harness.history(runId);
    const answer = history.at(-1)?.payload.answer;
    return {
      answer,
      faults: faultsOf(history),
      path: history.filter(({ kind }) => isStepEnd(kind)).map(({ node }) => node),
    };
  }
  /** What the API says that the run waits for, in a service that has this graph. */
  const waitsFor = (graph: AnyGraph, run: RunRow | undefined): unknown => {
    const { Run } = runResolvers({ sql: harness.database.request, graphs: createGraphRegistry([graph]) });
    const waitsForGraph = Run?.waitsForGraph as ((run: RunRow | undefined) => unknown) | undefined;
    return waitsForGraph?.(run);
  };
  const replayWith = async (...graphs: AnyGraph[]) => {
    const { urls, schema } = harness.database;
    const params = { url: urls.worker, schema, graphs: createGraphRegistry(graphs), limit: 10 };
    return (await replayLive(params)).graphs[one.pin];
  };

  it("go on with one that is compatible, and with one that migrates them; what a replay says comes true", async () => {
    const runId = await begin();
    expect(await replayWith(one)).toEqual({ SAFE: 1 });
    expect(await replayWith(stranger)).toEqual({ WAITS: 1 });
    await migrate(stranger);
    const row = await harness.find(runId);
    expect(await harness.find(runId)).toMatchObject({ graphVersion: 1 });
    expect([stranger, two, one].map((graph) => waitsFor(graph, row))).toEqual([one.pin, null, null]);
    expect(await replayWith(two)).toEqual({ MIGRATES: 1 });
    expect(await migrate(two)).toBe(false);
    expect(await harness.find(runId)).toMatchObject({ graphVersion: 2, graphHash: two.hash });
    const path = ["price", "paid", "thank"];
    expect(await end(runId)).toEqual({ answer: "40 paid, thanks", faults: [], path });
  });

  it("go on in the state that a migration made, in the step that waits", async () => {
    const runId = await begin();
    await migrate(three);
    expect(await end(runId)).toEqual({ answer: "4000 cents", faults: [], path: ["price", "paid", "thank"] });
    await migrate(two);
    expect((await harness.history(runId)).filter(({ kind }) => kind === "RUN_MIGRATED")).toHaveLength(1);
  });

  it("are not taken from who has had them since they were looked at", async () => {
    const runId = await begin();
    const sql = harness.database.worker;
    const head = (await harness.history(runId)).at(-1) ?? { seq: 0, hash: "" };
    const payload = { from: one.pin, to: two.pin, state: null, node: null };
    const event = runEvent(head, { runId, at: new Date(), kind: "RUN_MIGRATED", payload });
    expect(await appendMigration(sql, { event, epoch: 0, to: two })).toBe(false);
    expect(await harness.find(runId)).toMatchObject({ graphVersion: 1 });
    expect((await harness.history(runId)).at(-1)?.seq).toBe(head.seq);
  });
});
