import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { eraseRun, holdRun, listHolds, releaseHold } from "./run-custody.ts";
import { printed, startStubProduct } from "./testing/stub-product.ts";

const HELD = { id: "h1", runId: "r1", reason: "case 7\u001b[2J", heldBy: "user:carol", heldAt: "2026-11-26T00:00:00Z" };
const OPEN = { ...HELD, releasedAt: null, releasedBy: null, releaseReason: null };
const RELEASED = { ...HELD, releasedAt: "2026-11-27T00:00:00Z", releasedBy: "user:dan", releaseReason: "closed" };

describe("soma runs hold, holds, release and erase", () => {
  let product: Product;
  let data: Record<string, unknown> = {};
  let asked = "";
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(({ variables }) => {
      asked = JSON.stringify(variables);
      return { data };
    }));
  });
  afterAll(() => close());

  it("hold and release: which run, and what ends the hold", async () => {
    const reason = "case 7";
    data = { holdRun: { hold: OPEN }, releaseHold: { hold: RELEASED } };
    expect(await printed(() => holdRun(product, { id: "r1", reason, json: false }))).toMatch(
      /^run r1 is held by hold h1; `.* runs release h1 --reason TEXT` ends it\n$/,
    );
    expect(asked).toContain('"reason":"case 7"');
    expect(await printed(() => releaseHold(product, { id: "h1", reason, json: false }))).toBe(
      "hold h1 of run r1 was released by user:dan at 2026-11-27T00:00:00Z\n",
    );
    expect(JSON.parse(await printed(() => holdRun(product, { id: "r1", reason, json: true })))).toEqual(OPEN);
    expect(JSON.parse(await printed(() => releaseHold(product, { id: "h1", reason, json: true })))).toEqual(RELEASED);
  });

  it("holds: a line for each, without what acts on a terminal; or that there were none", async () => {
    data = { run: { id: "r1", holds: [OPEN, RELEASED] } };
    const lines = (await printed(() => listHolds(product, { id: "r1", json: false }))).split("\n");
    expect(lines[1]).toMatch(/^h1 +2026-11-26T00:00:00Z +user:carol +case 7/);
    expect(lines[2]).toMatch(/2026-11-27T00:00:00Z by user:dan: closed$/);
    expect(lines.join("")).not.toContain("\u001b");
    expect(JSON.parse(await printed(() => listHolds(product, { id: "r1", json: true })))).toHaveLength(2);
    data = { run: { id: "r1", holds: [] } };
    expect(await printed(() => listHolds(product, { id: "r1", json: false }))).toBe("run r1 was never held\n");
    data = { run: null };
    await expect(listHolds(product, { id: "r2", json: false })).rejects.toThrow("run r2 does not exist");
  });

  it("erase: asks nothing of the product unless it is meant, and names the forks that may hold copies", async () => {
    const erasure = { reason: "request 12", erasedBy: "user:carol", erasedAt: "2026-11-26T00:00:00Z", isDone: true };
    data = { eraseRun: { run: { id: "r1", erasure }, forks: [{ id: "r9" }] } };
    asked = "";
    const erase = (yes: boolean, json = false) => eraseRun(product, { id: "r1", reason: "request 12", yes, json });
    await expect(erase(false)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining("say --yes") });
    expect(asked).toBe("");
    expect(await printed(() => erase(true))).toMatch(
      /^run r1 is erased, as user:carol asked at 2026-11-26T00:00:00Z: request 12\nwhat it remembered.*still there\n\n.*copies.*\n\nr9\n$/,
    );
    expect(JSON.parse(await printed(() => erase(true, true)))).toMatchObject({
      run: { id: "r1" },
      forks: [{ id: "r9" }],
    });
  });
});
