import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Build, FakeSomaBrain } from "../testing/fake-builds.ts";
import { startFakeSomaBrain } from "../testing/fake-somabrain.ts";
import { createSomaBrain } from "./create-somabrain.ts";
import { aBrainItem, somaBrainContract } from "./somabrain.contract.ts";
import type { DialectName, SomaBrain } from "./somabrain.ts";

const BUILDS: [Build, DialectName][] = [
  ["MEMORY", "MEMORY"],
  ["UNWIRED", "LEGACY"],
  ["UNREADABLE", "LEGACY"],
  ["DJANGO", "MEMORY_API"],
];

describe.each(BUILDS)("createSomaBrain() beside a build that is %s", (build, dialect) => {
  let fake: FakeSomaBrain;
  let brain: SomaBrain;

  beforeAll(async () => {
    fake = await startFakeSomaBrain(build);
    brain = createSomaBrain({ somaBrainUrl: `${fake.url}/`, somaBrainKey: "secret" });
  });
  afterAll(() => fake.close());
  beforeEach(() => {
    Object.assign(fake.faults, { storeDown: false, breakerOpen: false, status: undefined, retryAfter: undefined });
    fake.seen.length = 0;
  });

  somaBrainContract(() => brain);

  it(`speaks ${dialect}, and says who asks`, async () => {
    const item = aBrainItem("x");
    await brain.write([item]);
    expect(brain.dialect()).toBe(dialect);
    const [seen] = fake.seen;
    expect(seen).toMatchObject({ tenant: item.tenant, authorization: "Bearer secret", requestId: expect.any(String) });
  });

  it("is not told that a store is well which is dead, whatever else is said", async () => {
    fake.faults.storeDown = true;
    expect(await brain.probe()).toMatchObject({ memoryOk: false });
    const item = aBrainItem("the store lost the violin");
    expect(await brain.write([item])).toEqual([{ acknowledged: true }]);
    const { tenant, namespace } = item;
    const hits = await brain.recall({ tenant, namespace, query: "violin", limit: 5, timeoutMs: 1_000 });
    expect(hits).toEqual([{ key: item.key, isStored: false }]);
  });

  it("tells of a breaker that is open", async () => {
    fake.faults.breakerOpen = true;
    const [written] = await brain.write([aBrainItem("x")]);
    expect(written).toMatchObject({ acknowledged: false, breakerOpen: true, refused: false });
  });

  it("tells how long it asks to be left alone, and does not take that for a memory it will not have", async () => {
    Object.assign(fake.faults, { status: 429, retryAfter: "7" });
    const [written] = await brain.write([aBrainItem("x")]);
    expect(written).toMatchObject({ acknowledged: false, refused: false, retryAfterMs: 7_000 });
    await expect(
      brain.recall({ tenant: "t", namespace: "n", query: "x", limit: 1, timeoutMs: 1_000 }),
    ).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("429: a fault") });
  });

  it("finds the one of many that it will not have", async () => {
    const items = ["one", "two", "three"].map((text) => aBrainItem(text, { tenant: "poison" }));
    fake.faults.refuses = /two/;
    const written = await brain.write(items);
    fake.faults.refuses = undefined;
    expect(written.map((each) => each.acknowledged || each.refused)).toEqual([true, true, true]);
    expect(written.map((each) => each.acknowledged)).toEqual([true, false, true]);
  });
});

describe("createSomaBrain()", () => {
  const at = (somaBrainUrl: string): SomaBrain => createSomaBrain({ somaBrainUrl, somaBrainKey: "" });

  it("asks again which API there is when the one it knew is gone", async () => {
    const fake = await startFakeSomaBrain("UNWIRED");
    const brain = at(fake.url);
    await brain.write([aBrainItem("x")]);
    expect(brain.dialect()).toBe("LEGACY");
    fake.build = "DJANGO";
    expect(await brain.write([aBrainItem("x")])).toMatchObject([{ acknowledged: false, refused: false }]);
    expect(await brain.write([aBrainItem("x")])).toEqual([{ acknowledged: true }]);
    expect(brain.dialect()).toBe("MEMORY_API");
    await fake.close();
  });

  it("says what is wrong with an address at which there is none, and with one that never answers", async () => {
    const fake = await startFakeSomaBrain("MEMORY");
    const brain = at(`${fake.url}/elsewhere`);
    await expect(brain.write([aBrainItem("x")])).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("SOMA_BASE_URL"),
    });
    expect(await brain.probe()).toEqual({ fault: "SomaBrain answered 404: Not Found" });
    const sound = at(fake.url);
    fake.faults.hangs = true;
    expect(await sound.probe()).toEqual({ fault: "SomaBrain did not answer /health within 1200 ms" });
    await fake.close();
    expect(await sound.probe()).toEqual({ fault: "SomaBrain cannot be reached at /health" });
  });
});

const REAL = process.env.SOMA_BASE_URL ?? "";

describe("a SomaBrain that is there", () => {
  if (REAL === "") it("does the same (not run here: SOMA_BASE_URL is not set)");
  else somaBrainContract(() => createSomaBrain({ somaBrainUrl: REAL, somaBrainKey: process.env.SOMA_API_KEY ?? "" }));
});
