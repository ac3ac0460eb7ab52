import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { rank } from "../../domain/rank.ts";
import { findMemories } from "../../store/find-memories.ts";
import { searchMemories } from "../../store/search-memories.ts";
import type { RecallHit, RecallParams, RecallPort } from "../recall-port.ts";

/** Candidates each search gives; what is beyond is never among the best eight. */
const CANDIDATES = 50;

interface LocalBrainDeps {
  /** A pool of the request role. */
  sql: Sql;
  now(): Date;
}

/** Recalls from Postgres alone: full text and trigrams, no vectors. */
export function createLocalBrain(deps: LocalBrainDeps): RecallPort {
  return { recall: async (params) => ({ hits: await search(deps, params), source: "LOCAL", isDegraded: false }) };
}

async function search({ sql, now }: LocalBrainDeps, params: RecallParams): Promise<RecallHit[]> {
  const { tenant, query, limit } = params;
  return transaction(sql, { tenant }, async (tx) => {
    const ranked = rank(await searchMemories(tx, { ...params, limit: CANDIDATES }), query, now(), limit);
    if (ranked.length === 0) return [];
    const memoryIds = ranked.map((hit) => hit.candidate.id);
    const rows = new Map((await findMemories(tx, { memoryIds })).map((row) => [row.memoryId, row]));
    return ranked.flatMap(({ candidate, score, why }) => {
      const memory = rows.get(candidate.id);
      return memory === undefined ? [] : [{ memory, score, why }];
    });
  });
}
