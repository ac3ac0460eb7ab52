import { SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";
import { toStorableText } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { checkNamespace } from "../domain/memory-key.ts";
import { rank } from "../domain/rank.ts";
import { findMemories } from "../store/find-memories.ts";
import { search } from "../store/search.ts";
import type { MemoryRow } from "../store/tables.ts";

export interface RecallParams {
  tenant: string;
  query: string;
  namespace: string;
  kind?: "MESSAGE" | "FACT" | undefined;
  sessionId?: string | undefined;
  limit: number;
}

export interface Recalled {
  memory: MemoryRow;
  score: number;
  why: string;
}

/** Candidates each search gives; what is beyond is never among the best eight. */
const CANDIDATES = 50;

/** Recalls from Postgres alone: full text and trigrams, no vectors. */
export async function recall(sql: Sql, params: RecallParams, now: Date): Promise<Recalled[]> {
  const query = toStorableText(params.query).trim();
  if (query.length < 1 || query.length > 2_000)
    throw new SomaError("BAD_INPUT", `the query has ${query.length} characters; it needs 1 to 2000`);
  checkNamespace(params.namespace);
  if (!Number.isInteger(params.limit) || params.limit < 1 || params.limit > 50)
    throw new SomaError("BAD_INPUT", `limit is ${params.limit}; it must be 1 to 50`);
  if (params.sessionId !== undefined && !isId(params.sessionId))
    throw new SomaError("BAD_INPUT", `session id "${params.sessionId.slice(0, 80)}" is not a UUID`);
  return transaction(sql, { tenant: params.tenant }, async (tx) => {
    const ranked = rank(await search(tx, { ...params, query, limit: CANDIDATES }), query, now, params.limit);
    const rows = new Map(
      (ranked.length === 0
        ? []
        : await findMemories(
            tx,
            ranked.map((hit) => hit.candidate.id),
          )
      ).map((row) => [row.memoryId, row]),
    );
    return ranked.flatMap(({ candidate, score, why }) => {
      const memory = rows.get(candidate.id);
      return memory === undefined ? [] : [{ memory, score, why }];
    });
  });
}
