import type { ChildResult, ChildRun, NodeResult, NodeSpec, StepContext } from "./node.ts";
import { checkDate } from "./wait.ts";

/** Which run is started, and what the step makes of its end. */
export interface RunAgentOptions<S> {
  graph: string;
  /** Made of the state alone: a step that is begun again starts no second run, and the first one keeps its input. */
  input(state: S): ChildRun["input"];
  role?: ChildRun["role"];
  /** Left out, the deadline of the step's own run is the only limit. What runs then is canceled. */
  until?: (state: S, context: StepContext) => Date;
  /** Also when the run failed or was canceled: its status tells, and nothing is thrown. */
  done(result: ChildResult, state: S): NodeResult<S>;
  /** What the step comes to when `until` has passed. */
  late?(state: S): NodeResult<S>;
}

/**
 * A node that starts a run of another graph and waits for its end. The run is a session of its own, acts for the same person
 * and under no more rights, takes no longer than the run that starts it, and is canceled with it.
 *
 *   .node("research", runAgent({ graph: "researcher", input: ({ text }) => ({ text }), done: ({ answer }) => ({ summary: "", patch: { found: answer } }) }))
 */
export function runAgent<S>(options: RunAgentOptions<S>): NodeSpec<S> {
  const { graph, input, role, until, done, late = () => ({ summary: `no end of ${graph} came in time` }) } = options;
  return {
    type: "delegate",
    pure: true,
    summary: () => `Waiting for the agent ${graph}`,
    run(state, context) {
      const { woken } = context;
      if (woken?.by === "RUN") return done(woken, state);
      if (woken !== undefined) return late(state);
      return {
        parkedForRun: { graph, input: input(state), ...(role === undefined ? {} : { role }) },
        ...(until === undefined ? {} : { parkedUntil: checkDate(until(state, context)) }),
        summary: `waits for the agent ${graph}`,
      };
    },
  };
}
