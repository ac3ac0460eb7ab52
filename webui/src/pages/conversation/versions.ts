import type { SessionDetailQuery } from "@soma/graphql/operations";

/** Of each run that has other versions, all of them, oldest first, by its id. */
export type Versions = ReadonlyMap<string, readonly string[]>;

/** A run and those that were forked from it stand in one place of a conversation: the first of a fork's session is one. */
export function versionsOf(session: SessionDetailQuery["session"] | undefined): Versions {
  if (session === null || session === undefined) return new Map();
  const own = session.runs.nodes;
  const first = session.runs.pageInfo.hasNextPage ? undefined : own.at(-1);
  const { forkedFrom } = session;
  const beside = (id: string) => (id === first?.id && forkedFrom ? [forkedFrom] : []);
  return new Map(
    [...session.earlierRuns, ...own]
      .map((run) => [run, ...beside(run.id)].flatMap(({ id, forks }) => [id, ...forks.map((fork) => fork.id)]))
      .map((ids) => [ids[0] ?? "", [...new Set(ids)].sort()] as const)
      .filter(([, versions]) => versions.length > 1),
  );
}
