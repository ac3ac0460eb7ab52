import { expect, test } from "vitest";
import { keepAsked, readAsked } from "./asked-before.ts";

function storage(kept?: string, isFull = false) {
  const values = new Map(kept === undefined ? [] : [["soma-api-asked", kept]]);
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem(key: string, value: string) {
      if (isFull) throw new DOMException("full", "QuotaExceededError");
      values.set(key, value);
    },
  };
}
const asked = (query: string, at = "2026-11-27T10:00:00Z") => ({ query, variables: "", at });

test("keepAsked() has the newest first, the same once, and no more than twenty", () => {
  const kept = storage();
  for (let count = 1; count <= 25; count += 1) keepAsked(kept, asked(`{ a${count} }`));
  const all = keepAsked(kept, asked("{ a20 }", "2026-11-27T11:00:00Z"));
  expect(all).toEqual(readAsked(kept));
  expect([all.length, all[0]?.at, all[1]?.query, all.filter(({ query }) => query === "{ a20 }").length]).toEqual([
    ...[20, "2026-11-27T11:00:00Z", "{ a25 }", 1],
  ]);
});

test("readAsked() passes over what is not of this page, and keepAsked() does without room", () => {
  const odd = JSON.stringify([asked("{ a }"), 5, null, { query: "x" }]);
  expect(readAsked(storage(odd))).toEqual([asked("{ a }")]);
  for (const kept of ["{", "5", "null"]) expect(readAsked(storage(kept))).toEqual([]);
  expect(keepAsked(storage(odd, true), asked("{ b }"))).toEqual([asked("{ a }")]);
});
