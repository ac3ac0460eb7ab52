import { afterCommit } from "@soma/shared/postgres/after-commit";
import type { Tx } from "@soma/shared/postgres/connect";
import type { Revision } from "../decision/policy-engine.ts";
import { insertRevision } from "../store/insert-revision.ts";

/** Keeps the policy and the data that decide. */
export type KeepRevision = (tx: Tx, revision: Revision) => Promise<void>;

/**
 * In the transaction of the first decision that a process makes with them, so that no decision is stored without; every
 * later one finds them kept and asks nothing.
 */
export function createRevisionKeeper(): KeepRevision {
  const kept = new WeakSet<Revision>();
  return async (tx, revision) => {
    if (kept.has(revision)) return;
    await insertRevision(tx, revision);
    afterCommit(tx, () => kept.add(revision));
  };
}
