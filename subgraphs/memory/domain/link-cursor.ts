import { isId } from "@soma/shared/ids";
import { isRelation } from "./relation.ts";

/** Where a link stands among those of its source: by its making, and those of one instant by relation and target. */
export interface LinkPlace {
  /** Microseconds since 1970. Postgres keeps them; a Date has milliseconds, and would skip or repeat links between two. */
  createdUs: number;
  relation: string;
  targetId: string;
}

/** The cursor of a link: base64url of the JSON of its place. */
export function toLinkCursor({ createdUs, relation, targetId }: LinkPlace): string {
  return Buffer.from(JSON.stringify([createdUs, relation, targetId])).toString("base64url");
}

/** The place that a cursor of `toLinkCursor` means; undefined for any other text. */
export function parseLinkCursor(cursor: string): LinkPlace | undefined {
  const parts = parseArray(Buffer.from(cursor, "base64url").toString());
  const [createdUs, relation, targetId] = parts;
  if (typeof createdUs !== "number" || !Number.isSafeInteger(createdUs)) return undefined;
  if (typeof relation !== "string" || !isRelation(relation)) return undefined;
  if (typeof targetId !== "string" || !isId(targetId)) return undefined;
  const place = { createdUs, relation, targetId };
  return toLinkCursor(place) === cursor ? place : undefined;
}

function parseArray(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
