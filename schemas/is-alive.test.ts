import { expect, it } from "vitest";
import { isAlive } from "./is-alive.ts";

it("isAlive() knows this process, and no process of an impossible number", () => {
  expect([process.pid, 0, -1, 1.5, 2 ** 30].map(isAlive)).toEqual([true, false, false, false, false]);
});
