import { expect, test } from "vitest";
import { mergePage } from "./merge-page.ts";

const rows = (ids: string, word = "") => [...ids].map((id) => ({ id, word }));
const said = ({ rows, news, keepsEnd }: ReturnType<typeof mergePage<{ id: string; word: string }>>) =>
  `${rows.map(({ id, word }) => id + word).join("")} ${news}${keepsEnd ? " its end" : ""}`;

test.each([
  ["the first answer", "", "dcb", "d!c!b! 0"],
  ["the same runs, with what is new of them", "dcb", "dcb", "d!c!b! 0"],
  ["two newer ones, which push off two", "dcb", "fed", "d!cb 2 its end"],
  ["only newer ones", "dcb", "hgf", "dcb 3 its end"],
  ["one that fits no longer, so that an older one moves up", "dcb", "dba", "d!b!a! 0"],
  ["one that fits no longer at the end of the list", "dcb", "db", "d!b! 0"],
  ["none any longer", "dcb", "", " 0"],
])("mergePage() with %s", (_name, shown, fresh, expected) => {
  expect(said(mergePage(rows(shown), rows(fresh, "!"), 3))).toBe(expected);
});
