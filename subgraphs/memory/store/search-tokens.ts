import type { Tx } from "@soma/shared/postgres/connect";
import type { Candidate } from "../domain/rank.ts";

interface SearchTokensParams {
  namespace: string;
  tokens: readonly string[];
  kind?: string | undefined;
  sessionId?: string | undefined;
  limit: number;
}

/** The tenant's memories with any of these tokens, best first; 0008-tokens.sql has the how. */
export async function searchTokens(
  tx: Tx,
  { tokens, namespace, kind, sessionId, limit }: SearchTokensParams,
): Promise<Candidate[]> {
  if (tokens.length === 0) return [];
  return tx<Candidate[]>`select id, content, kind, created_at as "createdAt", place as "wordsPlace",
      null as "spellingPlace", '{}'::text[] as "matchedWords"
    from search_tokens(${tokens as string[]}, ${namespace}, ${kind ?? null}, ${sessionId ?? null}, ${limit})`;
}
