import { isRecord } from "@soma/schemas/json";

/** The revision that the cluster has, by the answer of `helm history --output json`; undefined where nothing is deployed. */
export function deployedRevision(history: string): number | undefined {
  if (history.trim() === "") return undefined;
  const list: unknown = JSON.parse(history);
  const deployed = (Array.isArray(list) ? list : []).filter(isRecord).filter(({ status }) => status === "deployed");
  const revisions = deployed.map(({ revision }) => Number(revision)).filter(Number.isSafeInteger);
  return revisions.length === 0 ? undefined : Math.max(...revisions);
}

/** What is to be done so that the cluster has again what it had before the release. */
export type WayBack = { to: number } | { nothing: string };

/**
 * By its number, and never one step back: where its own command failed Helm has gone back already, and one step before that
 * is what failed.
 */
export function chooseWayBack(before: number | undefined, now: number | undefined): WayBack {
  if (before === undefined)
    return { nothing: "nothing was deployed before; what stands there now is left for somebody to look at" };
  if (before === now) return { nothing: `revision ${before} is deployed, as before` };
  return { to: before };
}
