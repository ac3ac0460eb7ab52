import type { RunSummaryFragment } from "@soma/graphql/operations";
import { titleOf } from "../../run-log/question-of.ts";

/** One conversation of the list, with those of its runs the list has. */
export interface SessionGroup {
  sessionId: string;
  title: string;
  /** The conversation's newest run: its status is the conversation's. */
  newest: RunSummaryFragment;
  runs: readonly RunSummaryFragment[];
}

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
