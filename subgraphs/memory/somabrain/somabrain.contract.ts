import { newId } from "@soma/shared/ids";
import { expect, it } from "vitest";
import type { BrainItem, SomaBrain } from "./somabrain.ts";

const TIMEOUT_MS = 5_000;

/** A memory as one of ours is brought there. */
export function aBrainItem(content: string, changes: Partial<BrainItem> = {}): BrainItem {
  const [tenant, namespace] = [changes.tenant ?? `t-${newId().slice(-8)}`, changes.namespace ?? "default"];
  const key = `${tenant}/${namespace}/${newId()}/user/2026-01-01T00:00:00.000Z/${newId().slice(-16)}`;
  return { tenant, namespace, key, content, about: { role: "user" }, ...changes };
}

/** What every build does, and the real one too where there is one; call it inside describe(). */
export function somaBrainContract(brainOf: () => SomaBrain): void {
  const recall = (of: BrainItem, query: string): Promise<string[]> =>
    brainOf()
      .recall({ tenant: of.tenant, namespace: of.namespace, query, limit: 50, timeoutMs: TIMEOUT_MS })
      .then((hits) => hits.map(({ key }) => key));

  it("says how it is", async () => {
    expect(await brainOf().probe()).toMatchObject({ memoryOk: true, circuitOpen: false });
  });

  it("recalls what was written, by its key, from its store", async () => {
    const item = aBrainItem("the ferry to the island leaves at noon");
    const other = aBrainItem("bread is baked in the morning", { tenant: item.tenant });
    expect(await brainOf().write([item, other])).toEqual([{ acknowledged: true }, { acknowledged: true }]);
    const { tenant, namespace } = item;
    const asked = { tenant, namespace, query: "when does the ferry leave", limit: 50, timeoutMs: TIMEOUT_MS };
    const hits = await brainOf().recall(asked);
    expect(hits[0]?.key).toBe(item.key);
    expect(hits).toContainEqual({ key: item.key, isStored: true });
  });

  it("has one memory of what is written twice", async () => {
    const item = aBrainItem("the lantern is in the attic");
    for (let times = 0; times < 2; times += 1) expect(await brainOf().write([item])).toEqual([{ acknowledged: true }]);
    expect(new Set(await recall(item, "lantern attic"))).toEqual(new Set([item.key]));
  });

  it("takes texts in any letters, with signs and of any length", async () => {
    const { tenant } = aBrainItem("");
    const texts = ["l'été à Zürich: 50 % <b>50 €</b> #1 = {x}", "東京の天気", "🎻", "long ".repeat(13_000)];
    const items = texts.map((text) => aBrainItem(text, { tenant }));
    expect(await brainOf().write(items)).toEqual(items.map(() => ({ acknowledged: true })));
  });

  it("keeps tenants and namespaces apart, and equal keys in them", async () => {
    const mine = aBrainItem("the vault code is 9911");
    await brainOf().write([mine]);
    expect(await recall(aBrainItem(""), "vault code")).not.toContain(mine.key);
    expect(await recall({ ...mine, namespace: "other-1" }, "vault code")).not.toContain(mine.key);
  });
}
