import { faultsOfRun, type OrderedEvent } from "@soma/schemas/run-faults";

/** What became of a run that was under way while a container was killed. */
export interface Came {
  runId: string;
  /** What its note was to say, once. */
  mark: string;
  status: string;
  events: readonly OrderedEvent[];
  /** Statuses that its topic has told, each event once. */
  told: readonly string[];
  /** What it was to tell, with commas; queued and succeeded when left out. */
  tells?: string;
}

/** What is lost, repeated or broken, in words; nothing where all is well. */
export function judge(runs: readonly Came[], notes: readonly string[]): string[] {
  return runs.flatMap(({ runId, mark, status, events, told, tells = "queued,succeeded" }) => {
    const times = notes.filter((line) => line.includes(mark)).length;
    return [
      ...(status === "SUCCEEDED" ? [] : [`run ${runId} is ${status}`]),
      ...(times === 1 ? [] : [`the note of run ${runId} stands ${times} times`]),
      ...(told.join() === tells ? [] : [`of run ${runId} its topic tells ${told.join(", ") || "nothing"}`]),
      ...faultsOfRun(events).map((fault) => `in the history of run ${runId} ${fault}`),
    ];
  });
}
