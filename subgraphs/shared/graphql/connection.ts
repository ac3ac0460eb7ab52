import { SomaError } from "../errors.ts";

/** Checks Relay paging arguments; `decode` rejects a cursor that is not ours. */
export function parsePage<C>(
  args: { first?: number | null; after?: string | null },
  limits: { default: number; max: number },
  decode: (cursor: string) => C | undefined,
): { first: number; after: C | undefined } {
  const first = args.first ?? limits.default;
  if (!Number.isInteger(first) || first < 1 || first > limits.max)
    throw new SomaError("BAD_INPUT", `first is ${first}; it must be 1 to ${limits.max}`);
  if (args.after === undefined || args.after === null) return { first, after: undefined };
  const after = decode(args.after);
  if (after === undefined)
    throw new SomaError("CURSOR_INVALID", `cursor "${args.after.slice(0, 80)}" was not made by this list`);
  return { first, after };
}

/** A Relay connection of rows that were read with one more than asked for. */
export function toConnection<T>(rows: readonly T[], first: number, cursorOf: (row: T) => string) {
  const nodes = rows.slice(0, first);
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  return { edges, nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null } };
}
