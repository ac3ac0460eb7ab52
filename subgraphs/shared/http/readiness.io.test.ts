import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createSilentLog } from "../log.ts";
import { createReadiness } from "./readiness.ts";

/** Longer than a check may take. */
const STALL_MS = 1_700;

it("createReadiness() blames no check for a process that stood still meanwhile", async () => {
  // As an answer that has come must be read, and then be understood.
  const check = () =>
    sleep(1)
      .then(() => sleep(1))
      .then(() => {});
  const found = createReadiness({ postgres: check }, createSilentLog())();
  const stalledAt = performance.now();
  while (performance.now() - stalledAt < STALL_MS);
  expect(await found).toEqual({});
});
