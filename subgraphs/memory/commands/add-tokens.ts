import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { tokensOfMemory } from "../domain/script-tokens.ts";
import { fillTokens, takeWithoutTokens } from "../store/fill-tokens.ts";

const INTERVAL_MS = 250;
/** Others of an older version may still write memories without any. */
const MAX_IDLE_MS = 60_000;
/** Few, because each may be long and whoever makes the tokens does nothing else meanwhile. */
const AT_ONCE = 25;

/** Makes tokens for so many memories that have none yet, in one transaction: who dies leaves it as it was. Gives how many. */
export async function addTokens({ sql }: { sql: Sql }, { atOnce = AT_ONCE } = {}): Promise<number> {
  return transaction(sql, {}, async (tx) => {
    const without = await takeWithoutTokens(tx, { limit: atOnce });
    const rows = without.map(({ content, ...id }) => ({ ...id, tokens: tokensOfMemory(content) }));
    if (rows.length > 0) await fillTokens(tx, { rows });
    return rows.length;
  });
}

/** Goes on until each memory has its tokens, and looks now and then whether one came without. */
export function startAddingTokens({ sql, log }: { sql: Sql; log: Log }): Loop {
  return startLoop(
    { name: "memory-tokens", intervalMs: INTERVAL_MS, maxIdleMs: MAX_IDLE_MS, log },
    async () => (await addTokens({ sql })) > 0,
  );
}
