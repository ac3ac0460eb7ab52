import type { RunFilter, RunSummaryFragment } from "@soma/graphql/operations";

export interface PageParams {
  filter?: RunFilter;
  first?: number;
  after?: string;
  last?: number;
  before?: string;
}

/** The part of a list that fits and was asked for. A cursor is the id of its run. */
export function pageOf(all: readonly RunSummaryFragment[], { filter, first, after, last, before }: PageParams) {
  const fitting = all.filter(
    ({ status, outcome, recoveries, graph, role, input }) =>
      (filter?.status ?? [status]).includes(status) &&
      (filter?.outcome?.some((kind) => kind === outcome?.kind) ?? true) &&
      (filter?.recovered ?? recoveries > 0) === recoveries > 0 &&
      (filter?.graph ?? graph) === graph &&
      (filter?.role ?? role) === role &&
      JSON.stringify(input).includes(filter?.text ?? ""),
  );
  const within = fitting.filter(
    ({ id }) => (after === undefined || id < after) && (before === undefined || id > before),
  );
  const nodes = last === undefined ? within.slice(0, first) : within.slice(-last);
  const [newest, oldest] = [nodes[0], nodes.at(-1)];
  return {
    nodes,
    pageInfo: {
      hasNextPage: oldest !== undefined && fitting.some(({ id }) => id < oldest.id),
      hasPreviousPage: newest !== undefined && fitting.some(({ id }) => id > newest.id),
      startCursor: newest?.id ?? null,
      endCursor: oldest?.id ?? null,
    },
  };
}
