import { type PageArgs, parsePage, toConnection } from "@soma/shared/graphql/page";
import { isId, typeOfId } from "@soma/shared/ids";
import { parseLinkCursor, toLinkCursor } from "../domain/link-cursor.ts";
import type { loadersOf } from "./loaders.ts";

type Loaders = ReturnType<typeof loadersOf>;

const PAGE = { default: 50, max: 200 };

/** A page of the memories of a run or of a session, oldest first; a cursor is a memory's id. */
export async function memoryConnection(loader: Loaders["run"], owner: string, args: PageArgs) {
  const page = parsePage(args, PAGE, (cursor) => (typeOfId(cursor) === "Memory" ? cursor : undefined));
  const rows = isId(owner) ? await loader.load({ owner, page }) : [];
  return toConnection(rows, page, (row) => row.memoryId);
}

/** A page of the links that start at a memory, oldest first. */
export async function linkConnection(loader: Loaders["links"], owner: string, args: PageArgs) {
  const page = parsePage(args, PAGE, parseLinkCursor);
  return toConnection(await loader.load({ owner, page }), page, toLinkCursor);
}
