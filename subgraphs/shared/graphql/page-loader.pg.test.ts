import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { parsePage } from "./page.ts";
import { createPageLoader } from "./page-loader.ts";

describe("createPageLoader()", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("pages", []);
  });
  afterAll(() => database.close());

  /** Lists of two letters below any owner, and what was read of them. */
  function lettersOf() {
    const read: { owners: readonly string[]; limit: number; backward: boolean; transaction: string }[] = [];
    const loader = createPageLoader<string, { owner: string; letter: string }>({
      sql: database.request,
      tenant: "acme",
      async list(tx, { owners, limit, backward }) {
        const [row] = await tx<{ at: string }[]>`select now()::text as at`;
        read.push({ owners, limit, backward, transaction: row?.at ?? "" });
        const letters = backward ? ["b", "a"] : ["a", "b"];
        return owners
          .filter((owner) => owner !== "empty")
          .flatMap((owner) => letters.map((letter) => ({ owner, letter })));
      },
      ownerOf: (row) => row.owner,
    });
    const load = async (owner: string, args: { first?: number; last?: number }) => {
      const page = parsePage(args, { default: 50, max: 200 }, (cursor) => cursor);
      return (await loader.load({ owner, page })).map(({ letter }) => `${owner}${letter}`);
    };
    return { load, read };
  }

  it("reads the same page of all parents of a tick with one statement, and each distinct page with its own", async () => {
    const { load, read } = lettersOf();
    const pages = await Promise.all([
      load("x", { first: 2 }),
      load("y", { first: 2 }),
      load("empty", { first: 2 }),
      load("x", { last: 2 }),
      load("y", { first: 3 }),
      load("x", { first: 2 }),
    ]);
    expect(pages).toEqual([["xa", "xb"], ["ya", "yb"], [], ["xb", "xa"], ["ya", "yb"], ["xa", "xb"]]);
    const [{ transaction } = { transaction: "none" }] = read;
    expect(read).toEqual([
      { owners: ["x", "y", "empty"], limit: 3, backward: false, transaction },
      { owners: ["x"], limit: 3, backward: true, transaction },
      { owners: ["y"], limit: 4, backward: false, transaction },
    ]);
  });

  it("remembers a page that was read", async () => {
    const { load, read } = lettersOf();
    await load("x", { first: 1 });
    await load("x", { first: 1 });
    expect(read).toHaveLength(1);
  });
});
