import type { Json } from "@soma/schemas/json";
import type { ChildResult, ChildRun, Parked, Wake } from "../node.ts";

/** What comes to the steps of a tested run that wait. */
export interface TestWakesParams {
  /** Signals the run is sent, in order; each wakes one step that waits for its name. */
  signals?: readonly { name: string; payload?: Json; sentBy?: string }[];
  /** What is decided of its questions, in order. */
  decisions?: readonly { approve: boolean; comment?: string; decidedBy?: string }[];
  /** Agents that it starts, by name: what each answers, or how it ends. */
  agents?: Readonly<Record<string, (input: ChildRun["input"]) => string | Partial<ChildResult>>>;
}

/** Wakes steps of one run; undefined where nothing comes. */
export function createTestWakes(params: TestWakesParams): (parked: Parked) => Wake | undefined {
  const signals = [...(params.signals ?? [])];
  const decisions = [...(params.decisions ?? [])];
  const agents = params.agents ?? {};
  return (parked) => {
    if ("parkedForRun" in parked) return toEnd(agents, parked.parkedForRun);
    if ("parkedForApproval" in parked) {
      const decision = decisions.shift();
      if (decision === undefined) return undefined;
      const { approve, comment = null, decidedBy = "user:approver" } = decision;
      return { by: "DECISION", approved: approve, comment, decidedBy };
    }
    const at = signals.findIndex(({ name }) => name === parked.parkedForSignal);
    const [signal] = at < 0 ? [] : signals.splice(at, 1);
    if (signal === undefined) return undefined;
    return { by: "SIGNAL", name: signal.name, payload: signal.payload ?? null, sentBy: signal.sentBy ?? "user:test" };
  };
}

function toEnd(agents: NonNullable<TestWakesParams["agents"]>, { graph, input }: ChildRun): Wake {
  const agent = agents[graph];
  if (agent === undefined) throw new Error(`the run starts the agent ${graph}, which the test does not give`);
  const end = agent(input);
  const rest = typeof end === "string" ? { answer: end } : end;
  return { by: "RUN", runId: `test:${graph}`, status: "SUCCEEDED", answer: null, error: null, ...rest };
}

/** What a step waits for, in a word: a time, a signal, a question or an agent. */
export function nameOfWait(parked: Parked): string {
  if ("parkedForApproval" in parked) return parked.parkedForApproval.question;
  if ("parkedForRun" in parked) return parked.parkedForRun.graph;
  return parked.parkedForSignal ?? parked.parkedUntil?.toISOString() ?? "";
}
