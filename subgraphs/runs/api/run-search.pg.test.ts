import { appended, graph } from "@soma/sdk/graph";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUN_OUTCOME, type RunOutcomeKind } from "../domain/run-outcome.ts";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const KINDS = Object.keys(RUN_OUTCOME) as RunOutcomeKind[];

/** Whether what a run was told to do ill goes well. */
let calm = false;
let held: Promise<void> | undefined;

const told = (text: unknown, word: string): boolean => !calm && String(text).includes(word);

const mixed = graph("mixed", 1, { said: appended<string>() })
  .node("asks", { type: "policy", run: (_, { run }) => ({ summary: "a", denied: told(run.input.text, "denied") }) })
  .node("calls", {
    type: "tool",
    run: (_, { run }) => ({
      summary: "b",
      output: { tool: "t", status: told(run.input.text, "failed") ? "TIMED_OUT" : "SUCCEEDED" },
    }),
  })
  .node("answers", {
    type: "model",
    async run(_, { run }) {
      await held;
      return { summary: "c", output: { cut: told(run.input.text, "cut") ? "length" : null } };
    },
  })
  .edge("asks", "calls")
  .edge("calls", "answers")
  .build(() => "done");

interface Listed {
  id: string;
  role: string;
  recoveries: number;
  outcome: { kind: RunOutcomeKind } | null;
}

describe("runs by how they went", () => {
  let harness: EngineHarness;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  beforeAll(async () => {
    harness = await createEngineHarness([mixed]);
    api = await startRunsApi(harness, [mixed]);
    await harness.startWorker();
  });
  afterAll(async () => {
    await api.close();
    await harness.close();
  });

  const runOf = async (text: string): Promise<string> => {
    const { runId } = await harness.start({ graph: "mixed", input: { text } });
    await harness.finished(runId);
    return runId;
  };
  const list = async (filter: string): Promise<Listed[]> => {
    const { data, errors } = await api.ask(
      `{ runs(filter: { ${filter} }) { searchedTo { runs } nodes { id role recoveries outcome { kind } } } }`,
    );
    expect(errors).toBeUndefined();
    const runs = data?.runs as { nodes: Listed[]; searchedTo: null } | undefined;
    expect(runs?.searchedTo).toBe(null);
    return runs?.nodes ?? [];
  };
  const idsOf = async (filter: string): Promise<string[]> => (await list(filter)).map(({ id }) => id);
  /** Each outcome lists the runs that tell it of themselves, and no others. */
  const agree = async (): Promise<void> => {
    const all = await list("");
    for (const kind of KINDS) {
      const those = all.filter(({ outcome }) => outcome?.kind === kind).map(({ id }) => id);
      expect([kind, await idsOf(`outcome: [${kind}]`)]).toEqual([kind, those]);
    }
  };
  const ask = async (mutation: string): Promise<string> => {
    const { data, errors } = await api.ask(`mutation { ${mutation} { run { id } } }`);
    expect(errors).toBeUndefined();
    return (Object.values(data ?? {}) as { run: { id: string } }[])[0]?.run.id ?? "";
  };

  it("are those that tell the outcome, with the worst of what happened in each, and with other filters", async () => {
    const [ok, denied, failed, cut] = [
      await runOf("well"),
      await runOf("denied"),
      await runOf("denied failed"),
      await runOf("denied failed cut"),
    ];
    await agree();
    expect(await idsOf("outcome: [WITH_DENIALS, INCOMPLETE]")).toEqual([cut, denied]);
    expect(await idsOf("outcome: [OK, FAILED, CANCELED]")).toEqual([ok]);
    expect(await idsOf('outcome: [WITH_FAILURES], status: [SUCCEEDED], graph: "mixed", text: "DENIED"')).toEqual([
      failed,
    ]);
    expect(await idsOf("outcome: [WITH_FAILURES], status: [RUNNING]")).toEqual([]);
    expect(await idsOf("outcome: []")).toEqual([]);
  });

  it("are counted anew when a run was rolled back: none while it goes on, then what came of it", async () => {
    const runId = await runOf("failed");
    expect(await idsOf("outcome: [WITH_FAILURES]")).toContain(runId);
    let release = (): void => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    calm = true;
    await ask(`rollbackRun(input: { runId: "${runId}", toSeq: 1, idempotencyKey: "r" })`);
    expect(await idsOf(`outcome: [${KINDS}]`)).not.toContain(runId);
    release();
    await harness.finished(runId);
    calm = false;
    expect(await idsOf("outcome: [OK]")).toContain(runId);
    await agree();
  });

  it("are of all that a fork goes on from, and no more than that", async () => {
    const runId = await runOf("denied failed");
    const ends = (await harness.history(runId)).filter(({ kind }) => /^STEP_(SUCCEEDED|DENIED)$/.test(kind));
    calm = true;
    const forks: string[] = [];
    for (const { seq } of ends.slice(0, 2)) {
      forks.push(await ask(`forkRun(input: { runId: "${runId}", atSeq: ${seq}, idempotencyKey: "f${seq}" })`));
      await harness.finished(forks.at(-1) ?? "");
    }
    calm = false;
    expect((await idsOf("outcome: [WITH_DENIALS]"))[0]).toBe(forks[0]);
    expect((await idsOf("outcome: [WITH_FAILURES]"))[0]).toBe(forks[1]);
    await agree();
  });

  it("are found by their role and by whether they were recovered; one whose contents are erased has no outcome", async () => {
    const all = await list("");
    const [newest, next] = all.map(({ id }) => id);
    await harness.database.owner`update run set recoveries = 2 where run_id = ${newest ?? ""}`;
    await harness.database.owner`update run set role = 'auditor', erased_at = now() where run_id = ${next ?? ""}`;
    expect(await idsOf("recovered: true")).toEqual([newest]);
    expect(await idsOf('recovered: true, graph: "mixed", status: [SUCCEEDED], role: "assistant"')).toEqual([newest]);
    for (const none of ['graph: "none"', "status: [FAILED]", 'role: "auditor"', "outcome: [CANCELED]"])
      expect([none, await idsOf(`recovered: true, ${none}`)]).toEqual([none, []]);
    expect(await idsOf("recovered: false")).toEqual(all.slice(1).map(({ id }) => id));
    expect(await idsOf('role: "auditor"')).toEqual([next]);
    // Whose contents are erased tells no outcome any more.
    expect(await idsOf(`outcome: [${KINDS}]`)).not.toContain(next);
    await agree();
  });
});
