import { describe, expect, it } from "vitest";
import { type PageArgs, parsePage, toConnection } from "./page.ts";

const LIMITS = { default: 2, max: 3 };
const toNumber = (cursor: string): number | undefined => (/^\d+$/.test(cursor) ? Number(cursor) : undefined);
const list = [1, 2, 3, 4, 5];

/** A list behind a connection, read the way a store does. */
function page(args: PageArgs) {
  const asked = parsePage(args, LIMITS, toNumber);
  const within = list.filter((n) => n > (asked.after ?? 0) && n < (asked.before ?? 99));
  const rows = (asked.backward ? within.toReversed() : within).slice(0, asked.limit + 1);
  const { nodes, pageInfo } = toConnection(rows, asked, String);
  return { nodes, ...pageInfo };
}

describe("pages of a list", () => {
  it("go forward to the end", () => {
    expect(page({})).toMatchObject({
      nodes: [1, 2],
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: "1",
      endCursor: "2",
    });
    expect(page({ first: 3, after: "2" })).toMatchObject({
      nodes: [3, 4, 5],
      hasNextPage: false,
      hasPreviousPage: true,
    });
    expect(page({ after: "5" })).toEqual({
      nodes: [],
      hasNextPage: false,
      hasPreviousPage: true,
      startCursor: null,
      endCursor: null,
    });
  });

  it("go backward to the beginning, in the list's own order", () => {
    expect(page({ last: 2 })).toMatchObject({ nodes: [4, 5], hasNextPage: false, hasPreviousPage: true });
    expect(page({ last: 3, before: "4" })).toMatchObject({
      nodes: [1, 2, 3],
      hasNextPage: true,
      hasPreviousPage: false,
    });
  });

  it.each([
    [{ first: 1, last: 1 }, /opposite ends/],
    [{ first: 0 }, /first is 0; it must be 1 to 3/],
    [{ last: 4 }, /last is 4; it must be 1 to 3/],
    [{ first: 1.5 }, /first is 1.5/],
    [{ after: "x" }, /cursor "x" was not made by this list/],
    [{ last: 1, before: "" }, /cursor "" was not made/],
  ])("refuse %j by name", (args, message) => {
    expect(() => page(args)).toThrow(message);
  });
});
