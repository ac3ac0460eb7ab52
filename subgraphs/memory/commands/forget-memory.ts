import { SomaError } from "@soma/shared/errors";
import { checkIdempotencyKey } from "@soma/shared/idempotency-key";
import { type Principal, requireRole } from "@soma/shared/identity/principal";
import { newId } from "@soma/shared/ids";
import { parseReason } from "@soma/shared/parse-reason";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { type ForgetScope, type ForgetTarget, parseForgetScope } from "../domain/forget-scope.ts";
import { countForgettable } from "../store/count-forgettable.ts";
import { findForgetting } from "../store/find-forgetting.ts";
import { insertForgetting } from "../store/insert-forgetting.ts";
import { lockForgetting } from "../store/lock-forgetting.ts";
import type { ForgettingRow } from "../store/tables.ts";
import { auditForgetting } from "./audit-forgetting.ts";
import { carryOutForgetting } from "./carry-out-forgetting.ts";

/** Role of who may have memories forgotten; the same that may have runs erased. */
const CUSTODIAN = "custodian";
/** What one request carries out by itself; the worker does the rest. */
const ROUNDS = 20;

interface ForgetParams extends ForgetTarget {
  reason: string;
  dryRun?: boolean | null | undefined;
  idempotencyKey: string;
}

interface Forgotten {
  /** Null of a dry run. */
  forgetting: ForgettingRow | null;
  /** Memories and links that are there and would go; of an order, that it has taken so far. */
  memories: number;
  links: number;
}

/**
 * Has a memory forgotten, or all of a session or of a subject, for good. It is durable that this is done before the first one
 * goes, and nobody sees them from then on; whoever dies on the way leaves the rest to the worker. The same key gives the same
 * order.
 */
export async function forgetMemory(
  deps: { sql: Sql; now(): Date },
  principal: Principal,
  params: ForgetParams,
): Promise<Forgotten> {
  checkIdempotencyKey(params.idempotencyKey);
  requireCustodian(principal);
  const scope = parseForgetScope(params);
  const reason = parseReason(params.reason);
  const { tenant } = principal;
  if (params.dryRun === true)
    return transaction(deps.sql, { tenant }, async (tx) => ({
      forgetting: null,
      ...(await countForgettable(tx, scope)),
    }));
  const { forgettingId } = await order(deps, principal, { ...scope, reason, idemKey: params.idempotencyKey });
  for (let round = 0; round < ROUNDS; round += 1)
    if (!(await carryOutForgetting(deps, { tenant, forgettingId }))) break;
  const forgetting = await transaction(deps.sql, { tenant }, (tx) => findForgetting(tx, { tenant, forgettingId }));
  if (forgetting === undefined) throw new Error(`the order ${forgettingId} to forget is not there`);
  return { forgetting, memories: forgetting.memories, links: forgetting.links };
}

/** Throws FORBIDDEN unless this is a person who may have things forgotten. */
export function requireCustodian(principal: Principal): void {
  const { service, subject } = principal;
  if (service !== null)
    throw new SomaError("FORBIDDEN", `${service} asks in the name of ${subject}, and a person does this by themselves`);
  requireRole(principal, CUSTODIAN);
}

async function order(
  { sql, now }: { sql: Sql; now(): Date },
  { tenant, subject }: Principal,
  wanted: ForgetScope & { reason: string; idemKey: string },
): Promise<ForgettingRow> {
  const { idemKey, scope, target } = wanted;
  return transaction(sql, { tenant }, async (tx) => {
    await lockForgetting(tx, { tenant, shared: false });
    const known = await findForgetting(tx, { tenant, idemKey });
    if (known !== undefined) {
      if (known.scope !== scope || known.target !== target || known.reason !== wanted.reason)
        throw new SomaError(
          "IDEMPOTENCY_CONFLICT",
          `idempotency key "${idemKey}" belongs to the order ${known.forgettingId} to forget something else; use a new key`,
        );
      return known;
    }
    const row = { ...wanted, tenant, forgettingId: newId(), orderedBy: subject };
    await insertForgetting(tx, row);
    const ordered = await findForgetting(tx, { tenant, forgettingId: row.forgettingId });
    if (ordered === undefined) throw new Error(`the order ${row.forgettingId} to forget was not kept`);
    await auditForgetting(tx, { row: ordered, now: now(), decision: "forget" });
    return ordered;
  });
}
