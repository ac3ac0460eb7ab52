import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ERASED_PAYLOAD } from "@soma/schemas/erased-payload";
import { canonicalJson } from "@soma/schemas/json";
import { CHAIN_START, chainText, payloadText, webSha256 } from "@soma/schemas/run-chain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportRun } from "./export-run.ts";
import type { Product } from "./find-product.ts";
import { replayExport } from "./replay-export.ts";
import { diffStates, forkRun, rollbackRun, showState } from "./run-history.ts";
import { printed, startStubProduct } from "./testing/stub-product.ts";

const RUN = { id: "r1", status: "QUEUED", headSeq: 1, graph: "g", graphVersion: 1 };
const STATE = { log: ["a\u001b[2J"] };

describe("soma runs, of histories", () => {
  let product: Product;
  /** Answers by the name of the operation. */
  let answers: Record<string, unknown> = {};
  /** With what was asked last. */
  let asked: unknown;
  const folder = mkdtempSync(join(tmpdir(), "soma-cli-"));
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(({ query = "", variables }) => {
      const [, name = ""] = /(?:query|mutation) (\w+)/.exec(query) ?? [];
      asked = variables;
      return answers[name];
    }));
  });
  afterAll(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  it("state: what a run had kept, without what acts on a terminal, or why it is not told", async () => {
    answers = { RunState: { data: { run: { id: "r1", stateAt: { seq: 4, state: STATE } } } } };
    expect(await printed(() => showState(product, { id: "r1", json: false }))).toMatch(
      /^run r1 with event 4\n\n\{\n {2}"log"/,
    );
    expect(JSON.parse(await printed(() => showState(product, { id: "r1", at: 4, json: true })))).toEqual({
      seq: 4,
      state: STATE,
    });
    const errors = [{ message: "this build does not have its graph", path: ["run", "stateAt"] }];
    answers = { RunState: { data: { run: { id: "r1", stateAt: null } }, errors } };
    await expect(showState(product, { id: "r1", json: false })).rejects.toThrow("this build does not have its graph");
    answers = { RunState: { data: { run: null } } };
    await expect(showState(product, { id: "r2", json: false })).rejects.toThrow(/run r2 does not exist; .* runs list/);
  });

  it("diff: a line for each place that differs, or that none does", async () => {
    const changes = [
      { op: "ADD", path: "/log/0", before: null, after: "a" },
      { op: "REMOVE", path: "/old", before: null, after: null },
      { op: "REPLACE", path: "", before: 1, after: 2 },
    ];
    const between = { id: "r1", from: 1, to: 3 };
    answers = { RunStateDiff: { data: { run: { id: "r1", stateDiff: changes } } } };
    const lines = (await printed(() => diffStates(product, { ...between, json: false }))).split("\n");
    expect(lines.slice(1, 4).map((line) => line.split(/ {2,}/))).toEqual([
      ["ADD", "/log/0", '"a"'],
      ["REMOVE", "/old", "null"],
      ["REPLACE", "(all)", "1", "2"],
    ]);
    expect(JSON.parse(await printed(() => diffStates(product, { ...between, json: true })))).toEqual(changes);
    answers = { RunStateDiff: { data: { run: { id: "r1", stateDiff: [] } } } };
    expect(await printed(() => diffStates(product, { ...between, json: false }))).toContain("nothing differs");
  });

  it("fork and rollback: where the run goes on, and what of it is outside", async () => {
    answers = { ForkRun: { data: { forkRun: { run: RUN } } } };
    const forked = await printed(() => forkRun(product, { id: "r0", at: 3, input: '{"text": "x"}', json: false }));
    expect(forked).toMatch(/^run r1 goes on from event 3 of run r0; `.* runs watch r1` follows it/);
    await expect(forkRun(product, { id: "r0", at: 3, input: "{", json: false })).rejects.toMatchObject({ exitCode: 2 });
    const step = { id: "r1.2", number: 2, nodeId: "tool", nodeType: "tool", status: "SUCCEEDED", summary: "paid" };
    const fork = { id: "r1", at: 3, dryRun: true };
    answers = { ForkPlan: { data: { run: { id: "r1", forkPlan: { effects: [{ onReturn: "RUN_AGAIN", step }] } } } } };
    const plan = await printed(() => forkRun(product, { ...fork, input: '{"text": "x"}', json: false }));
    expect(plan).toMatch(/^another run would go on from event 3 of run r1, which stays as it is\n.*nothing of that is/);
    expect(plan).toMatch(/2 +tool +tool +SUCCEEDED +done again +paid/);
    expect(JSON.parse(await printed(() => forkRun(product, { ...fork, json: true })))).toMatchObject({
      effects: [{ onReturn: "RUN_AGAIN" }],
    });
    const errors = [{ message: "run r1 is within a step at event 3", path: ["run", "forkPlan"] }];
    answers = { ForkPlan: { data: { run: { id: "r1", forkPlan: null } }, errors } };
    await expect(forkRun(product, { ...fork, json: false })).rejects.toThrow("is within a step at event 3");
    answers = { RollbackRun: { data: { rollbackRun: { run: RUN, effects: [{ onReturn: "RUN_AGAIN", step }] } } } };
    const planned = await printed(() => rollbackRun(product, { id: "r1", to: 3, dryRun: true, json: false }));
    expect(planned).toMatch(/^run r1 would go on from event 3\n.*nothing of that is undone/);
    expect(planned).toMatch(/2 +tool +tool +SUCCEEDED +done again +paid/);
    answers = { RollbackRun: { data: { rollbackRun: { run: RUN, effects: [] } } } };
    const done = await printed(() => rollbackRun(product, { id: "r1", to: 3, json: false }));
    expect(done).toBe("run r1 goes on from event 3\nno step after it had reached outside\n");
    const kept = { reuse: [2, 4], stub: [3] };
    await printed(() => rollbackRun(product, { id: "r1", to: 3, ...kept, json: false }));
    const onReturn = [
      { stepNumber: 2, onReturn: "REUSE" },
      { stepNumber: 4, onReturn: "REUSE" },
      { stepNumber: 3, onReturn: "STUB" },
    ];
    expect(asked).toMatchObject({ input: { toSeq: 3, onReturn } });
    await expect(forkRun(product, { ...fork, ...kept, json: false })).rejects.toThrow();
    expect(asked).toMatchObject({ atSeq: 3, onReturn });
  });

  it("export and replay: the same bytes again, verified; a state that comes out differently is told so", async () => {
    const event = {
      seq: 1,
      at: new Date(0).toISOString(),
      type: "RUN_STARTED",
      stepId: null,
      nodeId: null,
      attempt: null,
    };
    const payloadHash = await webSha256(payloadText({}));
    const hash = await webSha256(chainText("r1", CHAIN_START, { ...event, payloadHash }));
    const events = [{ ...event, runId: "r1", stepNumber: null, nodeType: null, payload: {}, payloadHash, hash }];
    answers = {
      RunToExport: { data: { run: { ...RUN, stateAt: { seq: 1, state: STATE } } } },
      RunEventsPage: { data: { runEventsPage: { firstSeq: 1, lastSeq: 1, prevHash: CHAIN_START, events } } },
    };
    const file = join(folder, "run.jsonl");
    const text = await printed(() => exportRun(product, { id: "r1" }));
    expect(text.trim().split("\n")[1]).toBe(canonicalJson(events[0]));
    writeFileSync(file, text);

    const program = (state: unknown): string => {
      const path = join(folder, "fold.ts");
      writeFileSync(path, `console.log(${JSON.stringify(JSON.stringify({ state }))});`);
      return path;
    };
    const missing = join(folder, "missing.ts");
    expect(await printed(() => replayExport({ file, json: false }, program(STATE)))).toContain(
      "is the one it was exported with",
    );
    expect(await printed(() => replayExport({ file, json: false }, missing))).toContain("no product is installed here");
    const json = await printed(() => replayExport({ file, json: true }, missing));
    expect(JSON.parse(json)).toEqual({ runId: "r1", events: 1, erased: 0, hash, state: null, sameState: null });
    writeFileSync(file, text.replace('"payload":{}', `"payload":${JSON.stringify(ERASED_PAYLOAD)}`));
    const erased = await printed(() => replayExport({ file, json: false }, program(STATE)));
    expect(erased).toMatch(
      /all 1 events verified.*\n1 of them were erased: what they said is gone, and so is the state\n$/,
    );
    writeFileSync(file, text);
    const silent = (work: Promise<void>) => printed(() => work);
    await expect(silent(replayExport({ file, json: false }, program({})))).rejects.toMatchObject({
      code: "STATE_DIFFERS",
    });
    await expect(replayExport({ file: join(folder, "no"), json: false }, missing)).rejects.toMatchObject({
      exitCode: 2,
    });
    writeFileSync(file, text.replace("RUN_STARTED", "RUN_FAILED"));
    await expect(replayExport({ file, json: false }, missing)).rejects.toMatchObject({ code: "EXPORT_BROKEN" });
  });
});
