import type { RunPageQuery, StepDetailQuery } from "@soma/graphql/operations";

/** What the server tells of a run beside its events. */
export type Run = NonNullable<RunPageQuery["run"]>;
/** What it tells of one step. */
export type StepDetail = Extract<NonNullable<StepDetailQuery["node"]>, { nodeId: string }>;

/** Undefined of an answer that has no step. */
export function toDetail(node: StepDetailQuery["node"] | undefined): StepDetail | undefined {
  return typeof node?.nodeId === "string" ? (node as StepDetail) : undefined;
}
