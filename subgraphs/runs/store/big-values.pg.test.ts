import { graph, replaced } from "@soma/sdk/graph";
import { newId } from "@soma/shared/ids";
import type { Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toStoredText } from "../domain/big-values.ts";
import { runEvent } from "../domain/run-event.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { appendSignal } from "./append-signal.ts";
import { claimRuns } from "./claim-runs.ts";
import { commitBatch } from "./commit-batch.ts";
import { registerWorker } from "./register-worker.ts";
import type { RunRow } from "./tables.ts";

const QUESTION = "q".repeat(20_000);
const quiet = graph("quiet", 1, { text: replaced("") })
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => "");

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness([quiet]);
});
afterAll(() => harness.close());

const start = (text: string, tenant = "acme"): Promise<RunRow> =>
  harness.start({ graph: "quiet", input: { text } }, aPrincipal({ tenant }));
const forget = (...runs: RunRow[]) =>
  transaction(harness.database.owner, { tenant: "acme" }, (tx) => forgetIn(tx, runs));
const forgetIn = (tx: Tx, runs: RunRow[], limit = 9) =>
  tx<{ more: boolean }[]>`select forget_values(${runs.map(({ runId }) => runId)}::uuid[], ${limit}) as more`;
const isKept = async (text: string): Promise<boolean> =>
  (await harness.database.owner`select from big_value where value #>> '{}' = ${text}`).length > 0;
const aSignal = { tenant: "acme", name: "news", sentBy: "user:ada", idemKey: "k", idemDigest: "d" };
/** A signal of a run whose transaction has kept what it says, and is open until it is ended. */
function keepsOpen({ runId }: RunRow, text: string) {
  const [kept, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = transaction(harness.database.request, { tenant: "acme" }, async (tx) => {
    await appendSignal(tx, { ...aSignal, runId, payload: { text } });
    kept.resolve();
    await over.promise;
  });
  return { kept: kept.promise, end: over.resolve, done };
}
const untilOneWaits = () =>
  until("one waits for the other", async () => {
    const { owner } = harness.database;
    const waiting = await owner`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`;
    return waiting.length > 0;
  });
const valuesOf = async ({ runId }: RunRow): Promise<string[]> => {
  const rows = await harness.database.owner<{ name: string }[]>`
    select u.tenant || ' ' || encode(u.hash, 'hex') as name from big_value_use u join big_value v using (tenant, hash)
     where u.run_id = ${runId}`;
  return rows.map(({ name }) => name);
};

describe("big values", () => {
  it("are shared by the runs of a tenant, and never by two tenants", async () => {
    const [mine, again, theirs] = [await start(QUESTION), await start(QUESTION), await start(QUESTION, "other")];
    expect(await valuesOf(mine)).toEqual(await valuesOf(again));
    const [[ours = ""], [others = ""]] = [await valuesOf(mine), await valuesOf(theirs)];
    expect([ours.split(" ")[0], others.split(" ")[0]]).toEqual(["acme", "other"]);
    expect(ours.split(" ")[1]).toBe(others.split(" ")[1]);
    const seen = await transaction(
      harness.database.request,
      { tenant: "other" },
      (tx) => tx`select tenant from big_value`,
    );
    expect(seen).toEqual([{ tenant: "other" }]);
    const write = transaction(
      harness.database.request,
      { tenant: "other" },
      (tx) => tx`insert into big_value (tenant, hash, value) values ('acme', '\\x00', '1')`,
    );
    await expect(write).rejects.toThrow(/row-level security/);
  });

  it("are written with the row that refers to them or not at all", async () => {
    const text = "w".repeat(20_000);
    const run = await start("small");
    const { worker } = harness.database;
    const owner = await registerWorker(worker, { workerId: newId(), slots: 99, build: "test", leaseMs: 60_000 });
    const claimed = await claimRuns(worker, { owner, graphs: [quiet.pin], slots: 99 });
    const { epoch = 0 } = claimed.find(({ runId }) => runId === run.runId) ?? {};
    const [begun] = await harness.history(run.runId);
    if (begun === undefined) throw new Error("the run has no first event");
    const event = runEvent(begun, {
      runId: run.runId,
      at: new Date(),
      kind: "RUN_SUCCEEDED",
      payload: { answer: text },
    });
    const stored = toStoredText(event.payload, JSON.stringify(event.payload));
    const values = stored.values.map((value) => ({ ...value, tenant: "acme" }));
    const row = { event, text: stored.text, epoch, status: null, wait: undefined };

    await expect(commitBatch(worker, { owner, rows: [{ ...row, values: [] }] })).rejects.toMatchObject({
      code: "23503",
    });
    expect(await harness.history(run.runId)).toEqual([begun]);
    // A row that cannot be written takes its values along.
    const twice = { ...row, event: { ...event, seq: 1 }, values };
    await expect(commitBatch(worker, { owner, rows: [twice] })).rejects.toMatchObject({ code: "23505" });
    expect(await isKept(text)).toBe(false);
    // Nor does one that is refused keep any.
    expect(await commitBatch(worker, { owner, rows: [{ ...row, epoch: epoch + 1, values }] })).toEqual(new Map());
    expect(await isKept(text)).toBe(false);

    await commitBatch(worker, { owner, rows: [{ ...row, values }] });
    expect((await harness.history(run.runId))[1]).toEqual(event);
  });

  it("one that is missing is named by whoever reads what refers to it", async () => {
    const run = await start("m".repeat(20_000));
    const [name = ""] = await valuesOf(run);
    await forget(run);
    await expect(harness.history(run.runId)).rejects.toMatchObject({
      code: "VALUE_MISSING",
      message: `event 1 of run ${run.runId} cannot be read: its value ${name.split(" ")[1]} is missing in the database; restore it from a backup`,
    });
    await expect(harness.find(run.runId)).rejects.toThrow(`the input of run ${run.runId} cannot be read`);
  });

  it("forget_values() takes away so many at a time that no other run refers to", async () => {
    const text = "f".repeat(20_000);
    const [one, two] = [await start(text), await start(text)];
    await forget(one);
    expect(await valuesOf(one)).toEqual([]);
    expect((await harness.history(two.runId))[0]?.payload.input).toEqual({ text });
    const both = [two, await start("g".repeat(20_000))];
    const forgetOne = () =>
      transaction(harness.database.owner, { tenant: "acme" }, async (tx) => (await forgetIn(tx, both, 1))[0]?.more);
    expect([await forgetOne(), await forgetOne(), await forgetOne()]).toEqual([true, true, false]);
    expect(await isKept(text)).toBe(false);
  });

  it("one that is taken away while another run begins with it is kept again", async () => {
    const text = "r".repeat(20_000);
    const first = await start(text);
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const forgotten = Promise.withResolvers<void>();
    const forgetting = transaction(harness.database.owner, { tenant: "acme" }, async (tx) => {
      await forgetIn(tx, [first]);
      forgotten.resolve();
      await over;
    });
    await forgotten.promise;
    const beginning = start(text);
    await untilOneWaits();
    end();
    await forgetting;
    const second = await beginning;
    expect((await harness.history(second.runId))[0]?.payload.input).toEqual({ text });
  });

  it("one that a run begins with while it is about to be taken away stays", async () => {
    const text = "s".repeat(20_000);
    const [first, second] = [await start(text), await start("small")];
    const keeping = keepsOpen(second, text);
    await keeping.kept;
    const forgetting = forget(first);
    await untilOneWaits();
    keeping.end();
    await Promise.all([keeping.done, forgetting]);
    expect(await valuesOf(second)).toHaveLength(1);
    expect(await isKept(text)).toBe(true);
  });

  it("one that two runs begin with at once stays when it is taken from the first of them", async () => {
    const text = "t".repeat(20_000);
    const [first, second] = [await start("one"), await start("two")];
    const one = keepsOpen(first, text);
    await one.kept;
    const two = keepsOpen(second, text);
    await untilOneWaits();
    one.end();
    await Promise.all([one.done, two.kept]);
    const forgetting = forget(first);
    await untilOneWaits();
    two.end();
    await Promise.all([two.done, forgetting]);
    expect([await valuesOf(first), await isKept(text)]).toEqual([[], true]);
  });

  it("nobody changes one, though whoever refers to it holds it", async () => {
    for (const sql of [harness.database.request, harness.database.worker]) {
      const change = transaction(sql, { tenant: "acme" }, (tx) => tx`update big_value set hash = '\\x00'`);
      await expect(change).rejects.toMatchObject({ code: "42501" });
    }
  });
});
