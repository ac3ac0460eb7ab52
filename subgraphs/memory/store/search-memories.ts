import type { Tx } from "@soma/shared/postgres/connect";
import type { Candidate } from "../domain/rank.ts";

interface SearchMemoriesParams {
  namespace: string;
  query: string;
  kind?: string | undefined;
  sessionId?: string | undefined;
  /** Candidates of each of the two searches. */
  limit: number;
}

/** The tenant's memories with words of the query, or something spelled like it; 0007-bounded-search.sql has the how. */
export async function searchMemories(
  tx: Tx,
  { query, namespace, kind, sessionId, limit }: SearchMemoriesParams,
): Promise<Candidate[]> {
  return tx<Candidate[]>`select id, content, kind, created_at as "createdAt", words_place as "wordsPlace",
      spelling_place as "spellingPlace", matched_words as "matchedWords"
    from search_memories(${query}, ${namespace}, ${kind ?? null}, ${sessionId ?? null}, ${limit})`;
}
