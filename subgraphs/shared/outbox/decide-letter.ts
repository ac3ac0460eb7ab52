import { SomaError } from "../errors.ts";
import { checkIdempotencyKey } from "../idempotency-key.ts";
import { OPERATOR, type Principal, requireRole } from "../identity/principal.ts";
import { isId } from "../ids.ts";
import { parseReason } from "../parse-reason.ts";
import type { Sql } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";
import { decideLetter as decide, type LetterChoice } from "./store/decide-letter.ts";
import { type DecisionRow, findLetterDecision, insertDecision } from "./store/letter-decisions.ts";

export interface DecideLetterParams {
  letterId: string;
  decision: LetterChoice;
  /** May be left out of a retry. */
  reason?: string | null | undefined;
  idempotencyKey: string;
}

/**
 * Decides on a dead letter, and keeps who did and why; the relay carries it out. The same key with the same body gives the
 * same decision. `sql` is a pool of the request role.
 */
export async function decideLetter(sql: Sql, principal: Principal, params: DecideLetterParams): Promise<DecisionRow> {
  const { letterId, decision, idempotencyKey: idemKey } = params;
  checkIdempotencyKey(idemKey);
  requireRole(principal, OPERATOR);
  const reason = decision === "RETRY" && (params.reason ?? "") === "" ? null : parseReason(params.reason ?? "");
  const { tenant, subject: decidedBy } = principal;
  return transaction(sql, { tenant }, async (tx) => {
    const known = await findLetterDecision(tx, { tenant, idemKey });
    if (known !== undefined) return same(known, { letterId, decision, reason });
    const letter = isId(letterId) ? await decide(tx, { tenant, eventId: letterId, decision }) : undefined;
    if (letter === undefined)
      throw new SomaError("NOT_FOUND", `there is no dead letter ${letterId.slice(0, 80)} that waits for a decision`);
    const { id, ...about } = letter;
    if (decision === "RETRY" && id === null)
      throw new SomaError(
        "BAD_INPUT",
        `letter ${letterId} is of an older version, which kept no place of it, and cannot be retried; discard it`,
      );
    await insertDecision(tx, { ...about, tenant, idemKey, eventId: letterId, decision, reason, decidedBy });
    const row = await findLetterDecision(tx, { tenant, idemKey });
    if (row === undefined) throw new SomaError("INTERNAL", `the decision on letter ${letterId} cannot be read`);
    return same(row, { letterId, decision, reason });
  });
}

function same(
  row: DecisionRow,
  { letterId, decision, reason }: { letterId: string; decision: LetterChoice; reason: string | null },
): DecisionRow {
  if (row.eventId === letterId.toLowerCase() && row.decision === decision && row.reason === reason) return row;
  throw new SomaError(
    "IDEMPOTENCY_CONFLICT",
    `idempotency key "${row.idemKey}" belongs to another decision, on letter ${row.eventId}; use a new key`,
  );
}
