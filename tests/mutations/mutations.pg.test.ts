import { afterAll, beforeAll, expect, it } from "vitest";
import { type Copy, copySources, tryMutation } from "./mutant.ts";
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
