import type { ConversationsQuery, RunSummaryFragment } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { titleOf } from "../../run-log/question-of.ts";

/** One conversation of the list, with those of its runs the list has. */
export interface SessionGroup {
  sessionId: string;
  title: string;
  /** The conversation's newest run: its status is the conversation's. */
  newest: RunSummaryFragment;
  runs: readonly RunSummaryFragment[];
}

type ListedRun = ConversationsQuery["runs"]["nodes"][number];

/**
 * Runs, newest first, as conversations: newest first too, each with the name that people gave it, else with the oldest
 * question the list has of it.
 */
export function groupBySession(runs: readonly ListedRun[]): SessionGroup[] {
  return Map.groupBy(runs, (run) => run.session.id)
    .entries()
    .flatMap(([sessionId, group]): SessionGroup[] => {
      const [newest] = group;
      if (newest === undefined) return [];
      const { title: name } = newest.session;
      const title = name === null || name === undefined ? titleOf(group.at(-1) ?? newest) : showHidden(name);
      return [{ sessionId, title, newest, runs: group }];
    })
    .toArray();
}
