import { afterAll, beforeAll, expect, it } from "vitest";
import { breakText, type Copy, copySources, readSource, tryMutation } from "./mutant.ts";
import { MUTATIONS } from "./mutations.ts";

let copy: Copy;
beforeAll(() => {
  copy = copySources();
});
afterAll(() => copy.remove());

it.each(MUTATIONS.filter(({ byHand }) => byHand !== true))(
  "the tests notice that $name",
  { timeout: 120_000 },
  async (mutation) => {
    expect(await tryMutation(copy, mutation)).toMatchObject({ outcome: "NOTICED" });
  },
);

it.each(MUTATIONS)("the texts of it stand in the sources, once each: $name", (mutation) => {
  // Those that are tried by hand would otherwise be found to be gone only then.
  expect(breakText(readSource(mutation.file), mutation)).toHaveProperty("broken");
  expect(readSource(mutation.test)).toMatch(/^ *it\b/m);
});
