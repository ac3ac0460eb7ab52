import { randomBytes } from "node:crypto";
import { leafHash, treeHead } from "@soma/schemas/audit/merkle-tree";
import { leafText, NO_SEAL, sealText } from "@soma/schemas/audit/sealed-event";
import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import type { Sql, Tx } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { findLastSeal } from "../store/find-last-seal.ts";
import { insertSeal } from "../store/insert-seal.ts";
import { listUnsealedTenants } from "../store/list-unsealed-tenants.ts";
import { lockSealing } from "../store/lock-sealing.ts";
import type { AuditRow } from "../store/tables.ts";
import { takeUnsealed } from "../store/take-unsealed.ts";
import type { SignSeal } from "./seal-signer.ts";
import { sha256, sha256Hex } from "./sha256.ts";
import { toLeaf, toSealedEvent } from "./to-sealed-event.ts";

const INTERVAL_MS = 500;
/** The database refuses a larger seal: a proof reads all of its events. */
const MOST_EVENTS = 1_000;
/** Tenants of a round; those behind them are of the next one. */
const MOST_TENANTS = 100;

export interface SealerDeps {
  /** A pool of the worker role. */
  sql: Sql;
  sign: SignSeal;
}

/**
 * Seals what no seal covers, twice a second, in every process of the policy: a tenant is sealed by one of them at a time.
 * A tenant with much takes turns with the others, a seal each.
 */
export function startSealer({ log, ...deps }: SealerDeps & { log: Log }): Loop {
  let after = "";
  return startLoop({ name: "audit-sealer", intervalMs: INTERVAL_MS, log }, async () => {
    const round = await sealRound(deps, after);
    after = round.after;
    return round.more;
  });
}

/** One seal for each of the next tenants that need one. */
export async function sealRound(deps: SealerDeps, after: string): Promise<{ after: string; more: boolean }> {
  const tenants = await transaction(deps.sql, {}, (tx) => listUnsealedTenants(tx, { after, limit: MOST_TENANTS }));
  let more = after !== "" || tenants.length === MOST_TENANTS;
  for (const tenant of tenants) {
    const isFull = await transaction(deps.sql, {}, (tx) => sealNext(tx, { tenant, sign: deps.sign }));
    more ||= isFull;
  }
  return { after: tenants.length === MOST_TENANTS ? (tenants.at(-1) ?? "") : "", more };
}

/** Seals the next events of a tenant; true when more may wait. */
async function sealNext(tx: Tx, { tenant, sign }: { tenant: string; sign: SignSeal }): Promise<boolean> {
  if (!(await lockSealing(tx, { tenant }))) return false;
  const { taken, events } = await takeUnsealed(tx, { tenant, limit: MOST_EVENTS });
  if (events.length > 0) await seal(tx, { tenant, events, sign });
  return taken === MOST_EVENTS;
}

async function seal(tx: Tx, params: { tenant: string; events: AuditRow[]; sign: SignSeal }): Promise<void> {
  const { tenant, events, sign } = params;
  const last = await findLastSeal(tx, { tenant });
  const firstSeq = last === null ? 1 : last.firstSeq + last.size;
  const leaves = events.map((row, i) => toLeaf(row, { seq: firstSeq + i, salt: randomBytes(16).toString("hex") }));
  const hashes = await Promise.all(
    leaves.map((leaf, i) => leafHash(sha256, leafText(toSealedEvent(events[i] as AuditRow, leaf)))),
  );
  const signed = await sign({
    tenant,
    number: (last?.number ?? 0) + 1,
    firstSeq,
    size: events.length,
    head: Buffer.from(await treeHead(sha256, hashes)).toString("hex"),
    previous: last === null ? NO_SEAL : sha256Hex(sealText({ ...last, at: last.at.toISOString() })),
    at: new Date().toISOString(),
  });
  await insertSeal(tx, { ...signed, at: new Date(signed.at) }, leaves);
}
