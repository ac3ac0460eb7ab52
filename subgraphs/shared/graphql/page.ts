import { SomaError } from "../errors.ts";

/** Relay's paging arguments as a client sends them. */
export interface PageArgs {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
}

/** One page of a list: at most `limit` rows between two cursors, counted from its beginning or, `backward`, from its end. */
export interface Page<C> {
  limit: number;
  after: C | undefined;
  before: C | undefined;
  backward: boolean;
}

/** Checks paging arguments; `decode` gives undefined for a cursor that this list did not make. */
export function parsePage<C>(
  args: PageArgs,
  limits: { default: number; max: number },
  decode: (cursor: string) => C | undefined,
): Page<C> {
  const first = args.first ?? undefined;
  const last = args.last ?? undefined;
  if (first !== undefined && last !== undefined)
    throw new SomaError("BAD_INPUT", "first and last ask for opposite ends of the list; send one of them");
  const [name, limit] = last === undefined ? ["first", first ?? limits.default] : ["last", last];
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.max)
    throw new SomaError("BAD_INPUT", `${name} is ${limit}; it must be 1 to ${limits.max}`);
  const cursor = (text: string | null | undefined): C | undefined => {
    if (text === undefined || text === null) return undefined;
    const decoded = decode(text);
    if (decoded !== undefined) return decoded;
    throw new SomaError("CURSOR_INVALID", `cursor "${text.slice(0, 80)}" was not made by this list`);
  };
  return { limit, after: cursor(args.after), before: cursor(args.before), backward: last !== undefined };
}

/**
 * A Relay connection. The rows were read with one more than the page's limit, in the direction of the page: a backward page
 * comes from the end of the list and is turned around here.
 */
export function toConnection<T, C>(rows: readonly T[], page: Page<C>, cursorOf: (row: T) => string) {
  const more = rows.length > page.limit;
  const read = rows.slice(0, page.limit);
  const nodes = page.backward ? read.toReversed() : read;
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: page.backward ? page.before !== undefined : more,
      hasPreviousPage: page.backward ? more : page.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
