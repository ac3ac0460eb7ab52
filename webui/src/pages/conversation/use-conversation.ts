import { NamedRunDocument, type RunSummaryFragment, SessionDetailDocument } from "@soma/graphql/operations";
import { useMemo } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useQuery } from "../../graphql/use-query.ts";
import type { Place } from "../../place.ts";
import type { Problem } from "../../ui/problem-note.tsx";
import { toTurns } from "./to-turns.ts";
import { type Versions, versionsOf } from "./versions.ts";

const NO_VERSIONS: Versions = new Map();

export interface Conversation {
  sessionId: string | undefined;
  /** What people call it; null where it has its first question for a name. */
  name: string | null;
  /** Runs of the session, and before them those it goes on from, oldest first. */
  turns: readonly RunSummaryFragment[];
  versions: Versions;
  /** The run whose steps are shown: the one the address names, else the newest. */
  selected: RunSummaryFragment | undefined;
  loading: boolean;
  /** True when the address names something that is not there for this tenant. */
  missing: boolean;
  /** True when the session has older runs than these. */
  cut: boolean;
  problem: Problem | undefined;
  reload(): void;
}

/** What the address names, from the server; a run just sent is there at once, before the server is asked again. */
export function useConversation(place: Place, sent: RunSummaryFragment | undefined): Conversation {
  const runId = place.kind === "run" ? place.id : undefined;
  const [run, reloadRun] = useQuery(NamedRunDocument, { id: runId ?? "" }, { pause: runId === undefined });
  const named = runId === undefined ? undefined : withId(run.data?.run, runId);
  const sessionId = place.kind === "session" ? place.id : named?.session.id;
  const [session, reloadSession] = useQuery(
    SessionDetailDocument,
    { id: sessionId ?? "" },
    { pause: sessionId === undefined },
  );
  const found = sessionId === undefined ? undefined : withId(session.data?.session, sessionId);
  const earlier = found?.runs.pageInfo.hasNextPage === false ? found.earlierRuns.toReversed() : [];
  const turns = [...earlier, ...toTurns(found?.runs.nodes ?? [], [named, sent], sessionId)];
  const versions = useMemo(() => (found === undefined ? NO_VERSIONS : versionsOf(found)), [found]);
  const error = (runId === undefined ? undefined : run.error) ?? (sessionId === undefined ? undefined : session.error);
  const asked = (runId === undefined || !run.fetching) && (sessionId === undefined || !session.fetching);
  return {
    sessionId,
    name: found?.title ?? null,
    turns,
    versions,
    selected: turns.find((turn) => turn.id === runId) ?? (runId === undefined ? turns.at(-1) : undefined),
    loading: !asked && turns.length === 0,
    missing: place.kind !== "new" && asked && error === undefined && turns.length === 0 && found === undefined,
    cut: found?.runs.pageInfo.hasNextPage === true,
    problem: toProblem(error),
    reload() {
      if (runId !== undefined) reloadRun();
      if (sessionId !== undefined) reloadSession();
    },
  };
}

/** What is not asked any more keeps the answer of before. */
function withId<Node extends { id: string }>(node: Node | null | undefined, id: string): Node | undefined {
  return node?.id === id ? node : undefined;
}
