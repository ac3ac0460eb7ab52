import { isStepEnd } from "@soma/schemas/run-history";
import { graph, replaced } from "@soma/sdk/graph";
import { inDatabase } from "@soma/sdk/in-database";
import { StepError } from "@soma/sdk/step-error";
import { waitForSignal } from "@soma/sdk/wait";
import type { EventRecord } from "@soma/shared/bus/event-record";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRunPage } from "../api/run-events.ts";
import { createMigrations } from "../commands/migrate-runs.ts";
import { signalRun } from "../commands/signal-run.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { replayLive } from "../replay-live.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { verifiedHead } from "../testing/verified.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";
import { createJournalSource } from "./journal/journal-source.ts";

type State = { readonly book: string };
const BOOK = "b".repeat(20_000);
const MANY = Object.fromEntries(Array.from({ length: 2_000 }, (_, no) => [`field${no}`, no]));

const reader = (version: number) =>
  graph("reader", version, { book: replaced("") })
    .node("open", {
      type: "tool",
      run: (_, { run }) => ({
        summary: "",
        patch: { book: String(run.input.text) },
        output: { status: "FAILED", ...MANY },
      }),
    })
    .node("hear", waitForSignal<State>("go", { heard: () => ({ summary: "" }) }))
    .edge("open", "hear");
const one = reader(1).build(({ book }) => book);
const two = reader(2)
  .migrateFrom(one, ({ state }) => ({ state: { book: `${state.book}!` } }))
  .build(({ book }) => book);
const booker = graph("booker", 1, { book: replaced("") })
  .node("book", inDatabase<State>({ type: "ledger", run: async () => ({ summary: "", patch: { book: BOOK } }) }))
  .node("again", inDatabase<State>({ type: "ledger", run: async ({ book }) => ({ summary: "", output: { book } }) }))
  .edge("book", "again")
  .build(({ book }) => book);
const failing = graph("failing", 1, {})
  .node("fail", {
    type: "tool",
    retry: { maxAttempts: 1, initialMs: 1, maxMs: 1 },
    run: () => Promise.reject(new StepError("STEP_FAILED", BOOK)),
  })
  .build(() => "");

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([one, two, booker, failing]);
});
afterAll(() => harness.close());

const registry = (...graphs: Parameters<typeof createGraphRegistry>[0]) => createGraphRegistry(graphs);
const replayWith = async (graphs: ReturnType<typeof registry>) => {
  const { urls, schema } = harness.database;
  return (await replayLive({ url: urls.worker, schema, graphs, limit: 10 })).graphs[one.pin];
};
/** Whole values of a history, and the digests that they have there. */
async function wholeIn(runId: string): Promise<void> {
  const history = await harness.history(runId);
  expect((await verifiedHead(harness, runId)).seq).toBe(history.length);
  expect(JSON.stringify(history)).not.toContain("soma:big");
}
async function ended(name: string): Promise<string> {
  const { life } = await harness.startWorker();
  const { runId } = await harness.start({ graph: name });
  await harness.finished(runId);
  await life.close();
  return runId;
}

describe("big values are whole", () => {
  it("for a replay, for a migration and its new state, and for who goes on", async () => {
    const { runId } = await harness.start({ graph: "reader", input: { text: BOOK } });
    await harness.database.owner`update run set graph_version = 1, graph_hash = ${one.hash} where run_id = ${runId}`;
    const { life } = await harness.startWorker();
    await until("it waits", async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code);
    await life.close();
    expect(await replayWith(registry(one))).toEqual({ SAFE: 1 });
    expect(await replayWith(registry(two))).toEqual({ MIGRATES: 1 });
    const { worker } = harness.database;
    const migrating = { sql: worker, graphs: registry(two), log: createSilentLog(), now: () => new Date() };
    await createMigrations({ ...migrating, onMigrated() {} })();
    const signal = { runId, name: "go", payload: null, idempotencyKey: newId() };
    await signalRun(harness.database.request, aPrincipal(), signal);
    await harness.startWorker();
    await harness.finished(runId);
    expect((await harness.history(runId)).at(-1)?.payload.answer).toBe(`${BOOK}!`);
    await wholeIn(runId);
    const [row] = await harness.database
      .owner`select max(length(payload::text)) as bytes from journal where run_id = ${runId}`;
    expect(row?.bytes).toBeLessThan(1_000);
    const [bad] = await harness.database.owner`select denied from bad_call where run_id = ${runId}`;
    expect(bad).toEqual({ denied: false });
  });

  it("for steps that end in their own transaction", async () => {
    const runId = await ended("booker");
    const ends = (await harness.history(runId)).filter(({ kind }) => isStepEnd(kind));
    expect(ends.map(({ payload }) => [payload.patch, payload.output])).toEqual([
      [{ book: BOOK }, null],
      [{}, { book: BOOK }],
    ]);
    await wholeIn(runId);
  });

  it("page by page, each well within what an answer may have", async () => {
    const { runId } = await harness.start({ graph: "booker", input: { text: BOOK } });
    const { owner, request } = harness.database;
    await owner`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash)
      select run_id, no, tenant, epoch, branch, kind, step, attempt, at, payload, payload_hash, hash
        from journal, generate_series(2, 300) no where run_id = ${runId} and seq = 1`;
    const sizes: number[] = [];
    for (let afterSeq = 0; afterSeq < 300; ) {
      const page = await readRunPage(request, aPrincipal(), { runId, afterSeq, limit: 1_000 });
      sizes.push(JSON.stringify(page.events.map(({ payload }) => payload)).length);
      afterSeq = page.lastSeq;
    }
    expect(sizes.map((size) => Math.ceil(size / 2 ** 20))).toEqual([4, 2]);
  });

  it("and stay out of what is published, which is small and fits its schema", async () => {
    const runId = await ended("failing");
    const source = createJournalSource(harness.database.worker, { currency: "USD" });
    const seen: EventRecord[] = [];
    await until("its end is published", async () => {
      const { rows } = await source.next();
      expect(rows.filter(({ fault }) => fault !== undefined)).toEqual([]);
      seen.push(...rows.map(({ record }) => record).filter(({ key }) => key === runId));
      await source.settle({ taken: rows, kept: [], dead: [] });
      return seen.length >= 3;
    });
    expect(Math.max(...seen.map(({ value }) => value.length))).toBeLessThan(4_096);
    expect(JSON.parse(seen.at(-1)?.value ?? "")).toMatchObject({ status: "failed", error_code: "STEP_FAILED" });
  });
});
