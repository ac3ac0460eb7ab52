import { isErased } from "@soma/schemas/erased-payload";
import { type EventKind, isEventKind, payloadOf, type RunHistory } from "@soma/schemas/run-history";

type Words = { readonly [K in EventKind]: (payload: RunHistory[K]) => string };

const summaryOf = ({ summary }: { summary: string | null }): string => summary ?? "";

const WORDS: Words = {
  RUN_STARTED: () => "",
  RUN_RECOVERED: ({ recoveries }) => `another worker took the run over, recovery ${recoveries}`,
  RUN_CANCEL_REQUESTED: () => "",
  RUN_SUCCEEDED: ({ answer }) => answer ?? "",
  RUN_FAILED: ({ error }) => `${error.code}: ${error.message}`,
  RUN_CANCELED: ({ reason }) => reason,
  RUN_PAUSED: () => "",
  RUN_RESUMED: () => "",
  RUN_PARKED: () => "",
  STEP_STARTED: summaryOf,
  STEP_SUCCEEDED: summaryOf,
  STEP_FAILED: summaryOf,
  STEP_DENIED: summaryOf,
  STEP_CANCELED: summaryOf,
  STEP_RETRIED: ({ attempt, delayMs, error }) =>
    `attempt ${attempt ?? ""} failed: ${error.message}; the next one follows after ${(delayMs / 1_000).toFixed(1)} s`,
  STEP_PARKED: summaryOf,
  STEP_WOKEN: ({ signal }) => (signal === null ? "the time has come" : describeSignal(signal.name)),
  STREAM_START: ({ tool }) => tool ?? "",
  STREAM_DATA: ({ data }) => data,
  STREAM_END: () => "",
  RUN_FORKED: ({ fromRunId, fromSeq }) => `goes on from event ${fromSeq} of run ${fromRunId}`,
  RUN_ROLLED_BACK: ({ toSeq }) => `goes on from event ${toSeq}; what came after it counts no more`,
  RUN_MIGRATED: ({ to }) => `goes on with graph ${to}`,
  APPROVAL_ASKED: ({ question }) => question,
  APPROVAL_DECIDED: ({ approved, comment, decidedBy }) => {
    if (approved === null) return "nobody decided in time";
    return `${decidedBy ?? ""} ${approved ? "approved" : "refused"}${comment === null ? "" : `: ${comment}`}`;
  },
};

/** Names with a colon are those of what is waited for beside signals that are sent. */
function describeSignal(name: string): string {
  const [kind = "", what] = name.split(":");
  if (what === undefined) return `the signal ${name} came`;
  return kind === "child" ? `the run ${what} has ended` : "the question is answered";
}

/**
 * What an event of a run says, in words; empty for one that says no more than its type, or of a type that is newer
 * than this.
 */
export function describeEvent({ type, payload }: { type: string; payload: unknown }): string {
  if (isErased(payload)) return "erased";
  return isEventKind(type) ? describe(type, payload) : "";
}

function describe<K extends EventKind>(kind: K, payload: unknown): string {
  return WORDS[kind](payloadOf(kind, payload));
}
