import { isRecord } from "@soma/schemas/json";

export interface Revisions {
  /** The one that the cluster has whole. */
  deployed?: number | undefined;
  /** The one that was begun last: not the deployed one where it failed, or was cut off, and nobody went back. */
  last?: number | undefined;
}

/** By the answer of `helm history --output json`; without either where nothing is there. */
export function readRevisions(history: string): Revisions {
  if (history.trim() === "") return {};
  const list: unknown = JSON.parse(history);
  const all = (Array.isArray(list) ? list : []).filter(isRecord);
  return { deployed: highest(all.filter(({ status }) => status === "deployed")), last: highest(all) };
}

function highest(list: readonly Record<string, unknown>[]): number | undefined {
  const revisions = list.map(({ revision }) => Number(revision)).filter(Number.isSafeInteger);
  return revisions.length === 0 ? undefined : Math.max(...revisions);
}

/** What is to be done so that the cluster has again what it had before the release. */
export type WayBack = { to: number } | { nothing: string };

/**
 * By its number, and never one step back: where its own command failed Helm has gone back already, and one step before
 * that is what failed. Where it could not, what was deployed before is called so still, beside what half stands there.
 */
export function chooseWayBack(before: number | undefined, { deployed, last }: Revisions): WayBack {
  if (before === undefined)
    return { nothing: "nothing was deployed before; what stands there now is left for somebody to look at" };
  if (before === deployed && before === last) return { nothing: `revision ${before} is deployed, as before` };
  return { to: before };
}
