import { graph, replaced } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eraseRun } from "../commands/erase-run.ts";
import { forkRun } from "../commands/fork-run.ts";
import { holdRun } from "../commands/hold-run.ts";
import { createRemoval } from "../commands/remove-old-runs.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { verifiedHead } from "../testing/verified.ts";
import { createGraphRegistry } from "./graphs/graph-registry.ts";

const custodian = aPrincipal({ subject: "user:carol", roles: ["custodian"] });
const why = { reason: "case 7", idempotencyKey: "k" };
const [A, B] = ["a".repeat(9_000), "b".repeat(9_000)];
const DAY_MS = 86_400_000;

/** Each step keeps a document of its own beside what the run was given. */
const keeps = graph("keeps", 1, { given: replaced(""), own: replaced("") })
  .node("first", { type: "tool", run: (_, { run }) => ({ summary: "", patch: { given: String(run.input.text) } }) })
  .node("second", {
    type: "tool",
    run: (_, { run }) => ({ summary: "", patch: { own: `${run.input.text}${run.runId}` } }),
  })
  .edge("first", "second")
  .build(({ given }) => given);
const boss = graph("boss", 1, {})
  .node("delegates", runAgent({ graph: "keeps", input: () => ({ text: A }), done: () => ({ summary: "" }) }))
  .build(() => "");
const graphs = [keeps, boss];

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness(graphs);
  await harness.startWorker();
});
afterAll(() => harness.close());
beforeEach(async () => {
  await harness.database.owner`truncate run, journal, retired, hold, erasure, signal, big_value, big_value_use`;
});

async function ended(text: string, name = "keeps"): Promise<string> {
  const { runId } = await harness.start({ graph: name, input: { text } });
  await harness.finished(runId);
  return runId;
}
async function forked(runId: string): Promise<string> {
  const { database, admission } = harness;
  const deps = { sql: database.request, admission, graphs: createGraphRegistry(graphs), now: () => new Date() };
  const atSeq = (await harness.history(runId)).find(({ kind }) => kind === "STEP_SUCCEEDED")?.seq ?? 0;
  const fork = await forkRun(deps, aPrincipal(), { runId, atSeq, idempotencyKey: newId() });
  harness.wakeUp.changed("work");
  await harness.finished(fork.runId);
  return fork.runId;
}
const erase = (runId: string) => eraseRun(harness.database.request, custodian, { ...why, runId }, 3);
/** First letters and lengths of all that is kept. */
const kept = async (): Promise<string[]> => {
  const rows = await harness.database.owner<{ text: string }[]>`select value #>> '{}' as text from big_value`;
  return rows.map(({ text }) => `${text[0]} ${text.length}`).toSorted();
};
const remove = async (days: number): Promise<void> => {
  await harness.database.owner`update relay_cursor set last_xid = '18446744073709551615'`;
  const tenants = { "*": { weight: 1, maxUnfinished: 100, retention: { runs: "30d" } } };
  const now = () => new Date(Date.now() + days * DAY_MS);
  const tick = createRemoval({ sql: harness.database.worker, tenants, log: createSilentLog(), now });
  while (await tick());
};
describe("big values of runs that are erased or go away", () => {
  it("go with the last run that has them, and those of others stay whole", async () => {
    const [one, two] = [await ended(A), await ended(A)];
    const other = await ended(B);
    const before = await verifiedHead(harness, one);
    expect(await kept()).toEqual(["a 9000", "a 9036", "a 9036", "b 9000", "b 9036"]);
    await erase(one);
    expect(await kept()).toEqual(["a 9000", "a 9036", "b 9000", "b 9036"]);
    expect((await harness.history(two))[0]?.payload.input).toEqual({ text: A });
    expect((await verifiedHead(harness, one)).hash).toBe(before.hash);
    await erase(two);
    expect(await kept()).toEqual(["b 9000", "b 9036"]);
    await erase(other);
    expect(await kept()).toEqual([]);
    expect(await harness.database.owner`select from big_value_use`).toHaveLength(0);
  });

  it("go with a whole tree, and a fork that began with them keeps its own", async () => {
    const above = await ended(A, "boss");
    expect(await kept()).toEqual(["a 9000", "a 9036"]);
    await erase(above);
    expect(await kept()).toEqual([]);
    const origin = await ended(B);
    const fork = await forked(origin);
    await erase(origin);
    expect(await kept()).toEqual(["b 9000", "b 9036"]);
    expect((await harness.find(fork))?.input).toEqual({ text: B });
  });

  it("go by age after their history, and not with a run that is held or that others began with", async () => {
    const gone = await ended(A);
    const held = await ended(A);
    const origin = await ended(B);
    const fork = await forked(origin);
    await harness.database.owner`update run set finished_at = now() + interval '10 days' where run_id = ${fork}`;
    await holdRun(harness.database.request, custodian, { runId: held, ...why });
    await remove(31);
    expect(await harness.find(gone)).toBeUndefined();
    expect(await kept()).toEqual(["a 9000", "a 9036", "b 9000", "b 9036", "b 9036"]);
    for (const runId of [held, fork]) await verifiedHead(harness, runId);
    // The fork first, and then nothing keeps what it began with.
    for (const days of [60, 90]) await remove(days);
    expect(await kept()).toEqual(["a 9000", "a 9036"]);
    expect(await harness.database.owner`select from retired`).toHaveLength(0);
  });
});
