import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { pauseRun, resumeRun, signalRun } from "./runs.ts";
import { startStubProduct, written } from "./testing/stub-product.ts";

const RUN = { id: "r1", status: "SUCCEEDED" };

describe("soma runs", () => {
  let product: Product;
  let answer: unknown;
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(() => answer));
  });
  afterAll(() => close());

  it("pause, resume, signal: say what the run does now, or that it had ended", async () => {
    const running = { ...RUN, status: "RUNNING" };
    answer = { data: { pauseRun: { run: running }, resumeRun: { run: running }, signalRun: { run: RUN } } };
    const told = async (work: () => Promise<void>) => (await written(work)).stdout.trim();
    expect(await told(() => pauseRun(product, { id: "r1", json: false }))).toMatch(/rest after the step it is in$/);
    expect(await told(() => resumeRun(product, { id: "r1", json: false }))).toBe("run r1 goes on");
    const signal = { id: "r1", name: "paid", payload: '{"amount": 7}', json: false };
    expect(await told(() => signalRun(product, signal))).toBe("run r1 had ended already: SUCCEEDED");
    await expect(signalRun(product, { ...signal, payload: "seven" })).rejects.toMatchObject({
      message: expect.stringContaining("the payload seven is not JSON"),
      exitCode: 2,
    });
  });
});
