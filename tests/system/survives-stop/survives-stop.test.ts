import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest, type RunDetail } from "../product.ts";

/** Moments after the message, wherever the run is then; in-every-step.test.ts says where. */
const MOMENTS_MS = [60, 900];

describe("a run under way does not care how its process is stopped", () => {
  let product: ProductUnderTest;
  beforeAll(async () => {
    product = await createProduct("launched");
    await product.start();
  });
  afterAll(() => product.close());

  const stops = {
    SIGTERM: () => product.stop("SIGTERM"),
    "Ctrl-C": () => product.stop("SIGINT"),
    SIGKILL: () => product.kill(),
  };

  it.each(Object.keys(stops) as (keyof typeof stops)[])(
    "%s: it goes on at the next start and ends as if nothing had been",
    {
      timeout: 180_000,
    },
    async (signal) => {
      for (const delayMs of MOMENTS_MS) {
        const told = `${signal} after ${delayMs} ms`;
        const runId = await product.send('Run code: await sleep(2200); console.log("slept")');
        await sleep(delayMs);
        await stops[signal]();
        await product.start();
        const run = await product.ended(runId);
        expect(run.status, told).toBe("SUCCEEDED");
        expect(run.answer, told).toContain("slept");
        expect(invocationsOf(run), told).toEqual(["SUCCEEDED"]);
      }
    },
  );
});

function invocationsOf(run: RunDetail): string[] {
  return (run.invocations?.nodes ?? []).map(({ status }) => status);
}
