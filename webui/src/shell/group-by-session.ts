import type { RunSummaryFragment } from "@soma/graphql/operations";
import { textOf, toFields } from "../run-log/payload.ts";
import { toLine } from "../ui/words.ts";

/** One conversation of the list, with those of its runs the list has. */
export interface SessionGroup {
  sessionId: string;
  title: string;
  /** The conversation's newest run: its status is the conversation's. */
  newest: RunSummaryFragment;
  runs: readonly RunSummaryFragment[];
}

const TITLE_CHARACTERS = 80;

/** Runs, newest first, as conversations: newest first too, each named by the oldest question the list has of it. */
export function groupBySession(runs: readonly RunSummaryFragment[]): SessionGroup[] {
  return Map.groupBy(runs, (run) => run.session.id)
    .entries()
    .flatMap(([sessionId, group]): SessionGroup[] => {
      const [newest] = group;
      return newest === undefined ? [] : [{ sessionId, title: titleOf(group.at(-1) ?? newest), newest, runs: group }];
    })
    .toArray();
}

/** What a run was asked, as one line. */
export function titleOf(run: Pick<RunSummaryFragment, "input" | "graph">): string {
  const line = toLine(questionOf(run.input), TITLE_CHARACTERS);
  return line === "" ? `Run of ${run.graph}` : line;
}

export function questionOf(input: unknown): string {
  return textOf(toFields(input), "text") ?? "";
}
