import DataLoader from "dataloader";
import type { Sql, Tx } from "../postgres/connect.ts";
import { transaction } from "../postgres/transaction.ts";
import type { Page } from "./page.ts";

/** One page of the list that a parent has. */
interface AskedPage<C> {
  owner: string;
  page: Page<C>;
}

interface PageLoaderParams<C, R> {
  sql: Sql;
  tenant: string;
  /** The page of each of these owners, in the page's direction. */
  list(tx: Tx, params: Page<C> & { owners: readonly string[] }): Promise<R[]>;
  ownerOf(row: R): string | null;
}

/**
 * Loads pages of lists below parents, each with one row more than its limit, as `toConnection` wants them. All parents that
 * ask for the same page in one tick are read with one statement, and all pages of the tick in one transaction.
 */
export function createPageLoader<C, R>(params: PageLoaderParams<C, R>): DataLoader<AskedPage<C>, R[], string> {
  const { sql, tenant, list, ownerOf } = params;
  return new DataLoader(
    (asked) =>
      transaction(sql, { tenant }, async (tx) => {
        const pages = new Map(asked.map(({ page }) => [JSON.stringify(page), page]));
        const askers = Map.groupBy(asked, ({ page }) => JSON.stringify(page));
        const found = new Map<string, Map<string | null, R[]>>();
        for (const [name, page] of pages) {
          const owners = (askers.get(name) ?? []).map(({ owner }) => owner);
          const rows = await list(tx, { ...page, limit: page.limit + 1, owners });
          found.set(name, Map.groupBy(rows, ownerOf));
        }
        return asked.map(({ owner, page }) => found.get(JSON.stringify(page))?.get(owner) ?? []);
      }),
    { cacheKeyFn: (asked) => JSON.stringify([asked.owner, asked.page]) },
  );
}
