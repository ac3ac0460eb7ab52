import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { type Candidate, joinCandidates, rank } from "../../domain/rank.ts";
import { sharedWords, tokensOfQuery, withPlainWords } from "../../domain/script-tokens.ts";
import { findMemories } from "../../store/find-memories.ts";
import { searchMemories } from "../../store/search-memories.ts";
import { searchTokens } from "../../store/search-tokens.ts";
import type { RecallHit, RecallParams, RecallPort } from "../recall-port.ts";

/** Candidates each search gives; what is beyond is never among the best eight. */
const CANDIDATES = 50;

interface LocalBrainDeps {
  /** A pool of the request role. */
  sql: Sql;
  now(): Date;
}

/** Recalls from Postgres alone: full text, trigrams and tokens of each script, no vectors. */
export function createLocalBrain(deps: LocalBrainDeps): RecallPort {
  return { recall: async (params) => ({ hits: await search(deps, params), source: "LOCAL", isDegraded: false }) };
}

async function search({ sql, now }: LocalBrainDeps, params: RecallParams): Promise<RecallHit[]> {
  const { tenant, query, limit } = params;
  const tokens = tokensOfQuery(query);
  return transaction(sql, { tenant }, async (tx) => {
    const candidates = joinCandidates(
      await searchMemories(tx, { ...params, query: withPlainWords(query), limit: CANDIDATES }),
      await searchTokens(tx, { ...params, tokens, limit: CANDIDATES }),
    );
    const ranked = rank(candidates, query, now(), limit);
    if (ranked.length === 0) return [];
    const memoryIds = ranked.map((hit) => hit.candidate.id);
    const rows = new Map((await findMemories(tx, { memoryIds })).map((row) => [row.memoryId, row]));
    return ranked.flatMap(({ candidate, score, why }) => {
      const memory = rows.get(candidate.id);
      return memory === undefined ? [] : [{ memory, score, why: whyOf(memory.content, tokens, candidate) ?? why }];
    });
  });
}

/** The words that matched and are not English; undefined where the search by words has told them all. */
function whyOf(content: string, tokens: readonly string[], { matchedWords }: Candidate): string | undefined {
  const shared = sharedWords(content, tokens).filter((word) => !matchedWords.includes(word.toLowerCase()));
  return shared.length === 0 ? undefined : `words: ${[...matchedWords, ...shared].join(", ")}`;
}
