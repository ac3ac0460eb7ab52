import type { RunSummaryFragment } from "@soma/graphql/operations";

/** Newest-first runs as turns, oldest first, with those that the list does not have yet. */
export function toTurns(
  nodes: readonly RunSummaryFragment[],
  extra: readonly (RunSummaryFragment | undefined)[],
  sessionId: string | undefined,
): RunSummaryFragment[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const run of extra)
    if (run !== undefined && run.session.id === sessionId && !byId.has(run.id)) byId.set(run.id, run);
  return [...byId.values()].sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id));
}
