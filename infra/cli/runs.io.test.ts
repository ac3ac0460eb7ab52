import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { drawRun, pauseRun, resumeRun, signalRun } from "./runs.ts";
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

  it("graph: as Mermaid draws it, without what acts on a terminal, or why there is none", async () => {
    const picture = { mermaid: "flowchart TD\n  a --> b\u001b[2J", nodes: [] };
    answer = { data: { run: { id: "r1", graph: "bill", graphVersion: 2, picture } } };
    const told = async (json: boolean) => (await written(() => drawRun(product, { id: "r1", json }))).stdout.trim();
    expect(await told(false)).toMatch(/^flowchart TD\n {2}a --> b/);
    expect(await told(false)).not.toContain("\u001b");
    expect(JSON.parse(await told(true))).toEqual(picture);
    answer = { data: { run: { id: "r1", graph: "bill", graphVersion: 2, picture: null } } };
    await expect(drawRun(product, { id: "r1", json: false })).rejects.toThrow("no graph bill@2 any more");
    answer = { data: { run: null } };
    await expect(drawRun(product, { id: "r1", json: false })).rejects.toThrow("run r1 does not exist");
  });

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
