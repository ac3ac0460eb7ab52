import { appended, graph, replaced } from "@soma/sdk/graph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const notes = graph("notes", 1, { log: appended<string>(), last: replaced<string | null>(null) })
  .node("a", { type: "tool", run: () => ({ patch: { log: ["a"], last: "a" }, summary: "a" }) })
  .node("b", { type: "tool", run: () => ({ patch: { log: ["b"], last: "b" }, summary: "b" }) })
  .edge("a", "b")
  .build(({ log }) => log.join(""));
/** The same name and version in another build, which is another graph. */
const elsewhere = graph("notes", 1, { other: replaced("") })
  .node("x", { type: "tool", run: () => ({ summary: "x" }) })
  .build(() => "");
const wide = graph("wide", 1, { text: replaced(""), list: replaced<number[]>([]) })
  .node("long", { type: "tool", run: () => ({ patch: { list: Array(1_001).fill(1) }, summary: "long" }) })
  .node("wide", { type: "tool", run: () => ({ patch: { text: "x".repeat(1_048_576) }, summary: "wide" }) })
  .edge("long", "wide")
  .build(() => "done");

describe("the history of runs in the API", () => {
  let harness: EngineHarness;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  let runId = "";
  beforeAll(async () => {
    harness = await createEngineHarness([notes, wide]);
    api = await startRunsApi(harness, [notes, wide]);
    await harness.startWorker();
    ({ runId } = await harness.start({ graph: "notes" }));
    await harness.finished(runId);
  });
  afterAll(async () => {
    await api.close();
    await harness.close();
  });

  const ofRun = (fields: string, id = runId) => api.ask(`{ run(id: "${id}") { ${fields} } }`);
  const why = async (fields: string, id?: string) => (await ofRun(fields, id)).errors?.map(({ message }) => message);

  it("tells the state at any event, and what differs between two", async () => {
    const states = "now: stateAt { seq state } first: stateAt(seq: 1) { state } within: stateAt(seq: 4) { state }";
    expect((await ofRun(states)).data?.run).toEqual({
      now: { seq: 6, state: { log: ["a", "b"], last: "b" } },
      first: { state: { log: [], last: null } },
      within: { state: { log: ["a"], last: "a" } },
    });
    const { data } = await ofRun("stateDiff(fromSeq: 3, toSeq: 5) { op path before after }");
    expect(data?.run).toEqual({
      stateDiff: [
        { op: "ADD", path: "/log/1", before: null, after: "b" },
        { op: "REPLACE", path: "/last", before: "a", after: "b" },
      ],
    });
  });

  it("says why there is none: no such event, too large, too different, or a graph of another build", async () => {
    expect(await why("stateAt(seq: 7) { seq }")).toEqual([`run ${runId} has no event 7; it has 1 to 6`]);
    const { runId: large } = await harness.start({ graph: "wide" });
    await harness.finished(large);
    expect(await why("stateAt { seq }", large)).toMatchObject([/has 105\d{4} bytes of JSON; at most 1048576/]);
    const diff = await why("stateDiff(fromSeq: 1, toSeq: 3) { path }", large);
    expect(diff).toEqual([expect.stringContaining("differ in 1001 places; at most 1000 are given")]);
    const other = await startRunsApi(harness, [elsewhere]);
    const { errors } = await other.ask(`{ run(id: "${runId}") { id stateAt { seq } } }`);
    await other.close();
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining(
          `which this build does not have; ask one that has it. This one has ${elsewhere.pin}`,
        ),
      },
    ]);
  });

  it("forks and rolls back, and tells both: origin, writers of events, steps of the run that made them", async () => {
    const input = `{ runId: "${runId}", atSeq: 3, input: { text: "again" }, idempotencyKey: "f" }`;
    const forked = await api.ask(
      `mutation { forkRun(input: ${input}) { run { id input forkedFrom { seq run { id } } } } }`,
    );
    const { run } = (forked.data?.forkRun ?? {}) as { run: { id: string } };
    expect(run).toMatchObject({ input: { text: "again" }, forkedFrom: { seq: 3, run: { id: runId } } });
    await harness.finished(run.id);
    const { data } = await ofRun(
      "headSeq steps { nodes { id number abandoned } totalCount } stateAt(seq: 3) { state }",
      run.id,
    );
    expect(data?.run).toEqual({
      headSeq: 7,
      steps: {
        totalCount: 2,
        nodes: [
          { id: `${runId}.1`, number: 1, abandoned: false },
          { id: `${run.id}.2`, number: 2, abandoned: false },
        ],
      },
      stateAt: { state: { log: ["a"], last: "a" } },
    });
    const page = (after: number) =>
      api.ask(
        `{ runEventsPage(runId: "${run.id}", afterSeq: ${after}) { prevHash events { seq runId type hash step { id } } } }`,
      );
    const all = (await page(0)).data?.runEventsPage as unknown as {
      events: { runId: string; hash: string; step: { id: string } | null }[];
    };
    expect(all.events.map(({ runId: writer }) => writer)).toEqual([...Array(3).fill(runId), ...Array(4).fill(run.id)]);
    expect(all.events[1]?.step).toEqual({ id: `${runId}.1` });
    expect((await page(2)).data?.runEventsPage).toMatchObject({ prevHash: all.events[1]?.hash });

    const inherited = await ofRun("forkPlan(atSeq: 3) { effects { onReturn step { id } } }", run.id);
    expect(inherited.data?.run).toEqual({
      forkPlan: { effects: [{ onReturn: "RUN_AGAIN", step: { id: `${run.id}.2` } }] },
    });
    expect(await why("forkPlan(atSeq: 2) { effects { onReturn } }")).toMatchObject([/is within a step at event 2/]);

    const back = (dryRun: boolean) =>
      api.ask(`mutation { rollbackRun(input: { runId: "${run.id}", toSeq: 4, dryRun: ${dryRun}, idempotencyKey: "r" }) {
        run { status } effects { onReturn step { id nodeId nodeType status summary } } } }`);
    const effects = [
      {
        onReturn: "RUN_AGAIN",
        step: { id: `${run.id}.2`, nodeId: "b", nodeType: "tool", status: "SUCCEEDED", summary: "b" },
      },
    ];
    expect((await back(true)).data?.rollbackRun).toEqual({ run: { status: "SUCCEEDED" }, effects });
    expect((await back(false)).data?.rollbackRun).toMatchObject({ effects });
    await harness.finished(run.id);
    const after = await ofRun("status answer steps { nodes { id abandoned } }", run.id);
    expect(after.data?.run).toEqual({
      status: "SUCCEEDED",
      answer: "ab",
      steps: {
        nodes: [
          { id: `${runId}.1`, abandoned: false },
          { id: `${run.id}.2`, abandoned: true },
          { id: `${run.id}.3`, abandoned: false },
        ],
      },
    });
    expect((await api.ask(`{ node(id: "${run.id}.2") { ... on Step { abandoned } } }`)).data?.node).toEqual({
      abandoned: true,
    });
  });

  it("shows another tenant none of it", async () => {
    const { data } = await api.ask(`{ run(id: "${runId}") { stateAt { seq } } }`, "other");
    expect(data).toEqual({ run: null });
    const input = `{ runId: "${runId}", atSeq: 3, idempotencyKey: "f" }`;
    const { errors } = await api.ask(`mutation { forkRun(input: ${input}) { run { id } } }`, "other");
    expect(errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });
});
