import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { auditSync, requeueMemories, showSync } from "./somabrain-sync.ts";
import { printed, startStubProduct } from "./testing/stub-product.ts";

const SYNC = {
  ...{ state: "DEGRADED", since: "2026-11-28T00:00:00Z", probedAt: "2026-11-28T00:01:00Z", dialect: "LEGACY" },
  ...{ fault: "it is slow\u001b[2J", waiting: 7, refused: 1, oldestSeconds: 61.4 },
};

describe("soma somabrain-sync", () => {
  let product: Product;
  let data: object = {};
  let asked = "";
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(({ variables }) => {
      asked = JSON.stringify(variables);
      return { data };
    }));
  });
  afterAll(() => close());

  it("status: how it is, why, and what waits, without what acts on a terminal", async () => {
    data = { memorySync: SYNC };
    const said = await printed(() => showSync(product, false));
    expect(said).toContain("SomaBrain is degraded since 2026-11-28T00:00:00Z, by LEGACY");
    expect(said).toContain("waiting: 7, the oldest for 61 s\nrefused: 1");
    expect(said).not.toContain("\u001b");
    expect(JSON.parse(await printed(() => showSync(product, true)))).toEqual(SYNC);
    data = { memorySync: { ...SYNC, since: null, dialect: null, fault: null } };
    expect(await printed(() => showSync(product, false))).toMatch(/^SomaBrain is degraded\nwaiting/);
  });

  it("status: says which setting there is when there is none", async () => {
    data = { memorySync: { state: "OFF", waiting: 7, refused: 0, oldestSeconds: 1 } };
    expect(await printed(() => showSync(product, false))).toContain("SOMA_BASE_URL is not set");
  });

  it("flush and requeue: which, since when, and how many", async () => {
    data = { requeueMemories: { requeued: 3 } };
    const run = (more: { since?: string; json?: boolean }) =>
      printed(() => requeueMemories(product, { which: "ALL", json: false, ...more }));
    expect(await run({ since: "2026-11-28T00:00:00Z" })).toBe("3 memories are brought to SomaBrain again\n");
    expect(JSON.parse(asked)).toMatchObject({ input: { which: "ALL", since: "2026-11-28T00:00:00Z" } });
    expect(JSON.parse(await run({ json: true }))).toEqual({ requeued: 3 });
  });

  it("audit: which are missing, and whether all are there", async () => {
    data = { auditMemories: { looked: 2, missing: [{ id: "m1", key: "acme/default/k" }] } };
    let isWhole = true;
    const audit = (json: boolean) =>
      printed(async () => {
        isWhole = await auditSync(product, { limit: 2, json });
      });
    expect(await audit(false)).toBe("missing: m1 acme/default/k\n2 were asked for, 1 are missing and brought again\n");
    expect(isWhole).toBe(false);
    data = { auditMemories: { looked: 2, missing: [] } };
    expect(await audit(false)).toBe("2 were asked for, 0 are missing\n");
    expect(isWhole).toBe(true);
    expect(JSON.parse(await audit(true))).toEqual({ looked: 2, missing: [] });
  });
});
