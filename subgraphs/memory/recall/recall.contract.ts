import { newId } from "@soma/shared/ids";
import { expect, it } from "vitest";
import type { RecallParams, RecallPort } from "./recall-port.ts";

/** A memory as the suite tells it; a stage fills in the rest. */
interface ToldMemory {
  tenant: string;
  namespace: string;
  sessionId: string;
  kind: "MESSAGE" | "FACT";
  content: string;
}

export interface RecallStage {
  brain: RecallPort;
  /** Resolves when the brain can recall it. */
  remember(memory: ToldMemory): Promise<void>;
}

/** What every brain does; call it inside describe(). Each case has a tenant of its own, so one stage serves all. */
export function recallContract(stageOf: () => RecallStage): void {
  it("finds by words, best first, and says how good and why", async () => {
    const { tell, ask } = aTenant(stageOf());
    await tell("the ferry to the island leaves at noon");
    await tell("a ferry was seen");
    await tell("bread is baked in the morning");
    const { hits } = await ask("when does the ferry to the island leave");
    expect(hits[0]?.memory.content).toBe("the ferry to the island leaves at noon");
    expect(hits.map((hit) => hit.memory.content)).toContain("a ferry was seen");
    const scores = hits.map((hit) => hit.score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    for (const { score, why } of hits) {
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(why).not.toBe("");
    }
  });

  it("finds by spelling", async () => {
    const { tell, found } = aTenant(stageOf());
    await tell("my favourite colour is teal");
    await tell("the train was late");
    expect((await found("favorit colr"))[0]).toBe("my favourite colour is teal");
  });

  it("gives whole memories, and the same source whether or not it found some", async () => {
    const { tenant, tell, ask } = aTenant(stageOf());
    const sessionId = newId();
    const nothing = await ask("violin");
    await tell("the violin is in the attic", { sessionId, kind: "FACT" });
    const something = await ask("violin");
    expect(something.hits[0]?.memory).toMatchObject({
      tenant,
      namespace: "default",
      sessionId,
      kind: "FACT",
      content: "the violin is in the attic",
    });
    expect(nothing).toEqual({ hits: [], source: something.source, isDegraded: false });
  });

  it("keeps to the kind it was asked for", async () => {
    const { tell, found } = aTenant(stageOf());
    await tell("the budget is forty", { kind: "FACT" });
    await tell("who made the budget");
    expect(await found("budget", { kind: "FACT" })).toEqual(["the budget is forty"]);
    expect(await found("budget", { kind: "MESSAGE" })).toEqual(["who made the budget"]);
    expect((await found("budget")).toSorted()).toEqual(["the budget is forty", "who made the budget"]);
  });

  it("keeps to the session and to the namespace it was asked for", async () => {
    const { tell, found } = aTenant(stageOf());
    const sessionId = newId();
    await tell("the lantern here", { sessionId });
    await tell("the lantern there");
    await tell("the lantern elsewhere", { sessionId, namespace: "other-1" });
    expect(await found("lantern", { sessionId })).toEqual(["the lantern here"]);
    expect(await found("lantern", { namespace: "other-1" })).toEqual(["the lantern elsewhere"]);
    expect((await found("lantern")).toSorted()).toEqual(["the lantern here", "the lantern there"]);
  });

  it("keeps tenants apart", async () => {
    const [mine, other] = [aTenant(stageOf()), aTenant(stageOf())];
    await mine.tell("the vault code is 9911");
    expect(await other.found("vault code")).toEqual([]);
    expect(await mine.found("vault code")).toEqual(["the vault code is 9911"]);
  });

  it("gives no more than the limit, and the best of them", async () => {
    const { tell, found } = aTenant(stageOf());
    for (const place of ["harbour", "meadow", "station"]) await tell(`the glacier near the ${place}`);
    expect(await found("glacier", { limit: 2 })).toHaveLength(2);
    expect(await found("glacier near the meadow", { limit: 1 })).toEqual(["the glacier near the meadow"]);
  });

  it("takes any text for words", async () => {
    const { tell, found } = aTenant(stageOf());
    await tell("onion soup");
    for (const query of ["'; drop table memory_item; --", "a & b | !c <-> (", "%_\\", "a\\b 'c\\' x\\\\y", "\ufffd"])
      expect(Array.isArray(await found(query)), query).toBe(true);
    expect(await found("onion & ' | soup")).toEqual(["onion soup"]);
  });
}

/** A tenant nobody else has, who tells and asks. */
function aTenant({ brain, remember }: RecallStage) {
  const tenant = `t-${newId()}`;
  const ask = (query: string, changes: Partial<RecallParams> = {}) =>
    brain.recall({ tenant, query, namespace: "default", limit: 8, ...changes });
  return {
    tenant,
    ask,
    found: async (query: string, changes: Partial<RecallParams> = {}): Promise<string[]> =>
      (await ask(query, changes)).hits.map((hit) => hit.memory.content),
    tell: (content: string, changes: Partial<ToldMemory> = {}): Promise<void> =>
      remember({ tenant, namespace: "default", sessionId: newId(), kind: "MESSAGE", content, ...changes }),
  };
}
