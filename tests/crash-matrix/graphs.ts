import { atMostOnce } from "@soma/sdk/at-most-once";
import { parallel } from "@soma/sdk/branches";
import { type AnyGraph, type AnyNode, appended, graph } from "@soma/sdk/graph";
import { inDatabase } from "@soma/sdk/in-database";
import type { NodeSpec, StepContext } from "@soma/sdk/node";
import { runAgent } from "@soma/sdk/run-agent";
import { StepError } from "@soma/sdk/step-error";
import { wait, waitForSignal } from "@soma/sdk/wait";
import type { LedgerEntry } from "./ledger.ts";

interface State {
  trail: string[];
}

/** What a run of these graphs answers, whatever happened. */
export const TRAIL = "looked,paid,looked again,once,booked,heard,child,left,right,stumbled";
export const SIGNAL = "go";
const SHORT_MS = 1_100;
/** What is called may be cut off as well. */
const RETRY = { maxAttempts: 8, initialMs: 50, maxMs: 200 };

const tell = (mark: string) => ({ summary: mark, patch: { trail: [mark] } });

/** Graphs whose steps do something of each class at a ledger. */
export function matrixGraphs(ledgerUrl: string): AnyGraph[] {
  async function write(kind: LedgerEntry["class"], { run, stepId: key, stepNumber: step, attempt }: StepContext) {
    const entry: LedgerEntry = { class: kind, runId: run.runId, step, attempt, key, pid: process.pid };
    await fetch(ledgerUrl, { method: "POST", body: JSON.stringify(entry) });
  }
  const wasDone = async ({ stepId }: StepContext): Promise<boolean> => {
    const { done } = (await (await fetch(`${ledgerUrl}/${encodeURIComponent(stepId)}`)).json()) as { done: boolean };
    return done;
  };
  const looks = (mark: string): NodeSpec<State> => ({
    ...{ type: "look", pure: true, retry: RETRY },
    run: async (_state, context) => write("pure", context).then(() => tell(mark)),
  });
  const pays = (mark: string, failures = 0): NodeSpec<State> => ({
    ...{ type: "payment", retry: RETRY },
    async run(_state, context) {
      if (context.attempt <= failures) throw new StepError("STEP_FAILED", "it has to be tried again");
      await write("idempotent", context);
      return tell(mark);
    },
  });
  const once = atMostOnce<State>({
    // The ledger writes at once; a request may only be on its way there.
    ...{ type: "payment", retry: RETRY, openMs: 1_000 },
    run: async (_state, context) => write("at_most_once", context).then(() => tell("once")),
    reconcile: async (_state, context) => ((await wasDone(context)) ? tell("once") : "NOT_DONE"),
    done: () => tell("once"),
  });
  const books = inDatabase<State>({
    ...{ type: "ledger", retry: RETRY },
    async run(_state, sql, { run, stepNumber }) {
      await sql`insert into booked (run_id, step) values (${run.runId}::uuid, ${stepNumber})`;
      return tell("booked");
    },
  });
  const one = (name: string, node: NodeSpec<State>) =>
    graph(name, 1, { trail: appended<string>() })
      .node("only", node)
      .build(({ trail }) => trail.join());
  const branches: AnyNode<State> = parallel({
    branches: { left: { graph: one("left", pays("left")) }, right: { graph: one("right", pays("right")) } },
    join: ({ left, right }) => ({ summary: "joined", patch: { trail: [...left.trail, ...right.trail] } }),
  });
  const steps: [string, AnyNode<State>][] = [
    ["looks", looks("looked")],
    ["pays", pays("paid")],
    ["looks_again", looks("looked again")],
    ["once", once],
    ["books", books],
    ["waits", wait((_state, { now }) => new Date(now().getTime() + SHORT_MS))],
    ["hears", waitForSignal(SIGNAL, { heard: () => tell("heard") })],
    ["starts", runAgent({ graph: "child", input: () => ({ text: "go" }), done: ({ answer }) => tell(answer ?? "") })],
    ["branches", branches],
    ["stumbles", pays("stumbled", 1)],
  ];
  let building = graph("matrix", 1, { trail: appended<string>() });
  for (const [index, [id, node]] of steps.entries()) {
    building = building.node(id, node);
    const [before] = steps[index - 1] ?? [];
    if (before !== undefined) building = building.edge(before, id);
  }
  return [building.build(({ trail }) => trail.join()), one("child", pays("child"))];
}
