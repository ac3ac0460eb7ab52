import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { decideLetter, listDecided, listLetters, showLetter, showOutbox } from "./outbox.ts";
import { printed, startStubProduct } from "./testing/stub-product.ts";

const COUNTS = { pendingRows: 3, oldestAgeSeconds: 1.25, deadLetters: 1, parkedKeys: 1, heldRows: 2 };
const LETTER = {
  id: "l1",
  type: "agent.runs.v1",
  topic: "soma.acme.agent.runs.v1",
  key: "r1",
  reason: "too large\u001b[2J",
  parkedAt: "2026-11-27T00:00:00Z",
  parksKey: true,
};
const DECIDED = {
  letterId: "l1",
  ...{ type: LETTER.type, topic: LETTER.topic, key: "r1", decision: "DISCARD", reason: "case 7" },
  ...{ decidedBy: "user:carol", decidedAt: "2026-11-27T00:00:00Z" },
};
/** What each of the services answers. */
const each = (runs: object, other: object) => ({
  ...{ runsOutbox: runs, toolsOutbox: other, policyOutbox: other, memoryOutbox: other },
});

describe("soma outbox", () => {
  let product: Product;
  let data: object = {};
  let asked = "";
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(({ query = "", variables }) => {
      asked = JSON.stringify(variables);
      const mutation = /decide\w+Letter/.exec(query)?.[0];
      return { data: mutation === undefined ? data : { [mutation]: { decision: DECIDED } } };
    }));
  });
  afterAll(() => close());

  it("status: a line for each service", async () => {
    data = each(COUNTS, { ...COUNTS, pendingRows: 0 });
    const lines = (await printed(() => showOutbox(product, false))).trimEnd().split("\n");
    expect(lines[1]).toMatch(/^runs +3 +1\.3 s +1 +1 +2$/);
    expect(lines).toHaveLength(5);
    expect(JSON.parse(await printed(() => showOutbox(product, true)))[3]).toEqual({
      service: "memory",
      ...{ ...COUNTS, pendingRows: 0 },
    });
  });

  it("dead list: which and why, without what acts on a terminal, and how it goes on", async () => {
    data = each({ letters: [LETTER] }, { letters: [] });
    const list = (more: object = {}) => printed(() => listLetters(product, { limit: 1, json: false, ...more }));
    expect(await list()).toMatch(
      /l1 +runs +agent\.runs\.v1 +r1 .*too large\n\nmore: `.*--service runs --limit 1 --after l1`/,
    );
    expect(await list()).not.toContain("\u001b");
    expect(JSON.parse(await list({ json: true }))).toMatchObject([{ service: "runs", id: "l1" }]);
    await list({ service: "tools", after: "l1" });
    expect(JSON.parse(asked)).toMatchObject({ runs: false, tools: true, after: "l1", limit: 1 });
    await expect(list({ after: "l1" })).rejects.toMatchObject({ exitCode: 2 });
    data = each({ letters: [] }, { letters: [] });
    expect(await list()).toBe("no event waits for a person\n");
  });

  it("dead list --decided: by whom, and why", async () => {
    data = each({ decisions: [DECIDED] }, { decisions: [] });
    expect(await printed(() => listDecided(product, false))).toMatch(/l1 +runs .*discard +user:carol .*case 7\n$/);
    expect(JSON.parse(await printed(() => listDecided(product, true)))).toHaveLength(1);
    data = each({ decisions: [] }, { decisions: [] });
    expect(await printed(() => listDecided(product, false))).toBe("nothing was decided yet\n");
  });

  it("dead show, retry and discard: of whichever service has the letter", async () => {
    data = each({ letter: { ...LETTER, payload: "{}" } }, { letter: null });
    const show = (json: boolean) => printed(() => showLetter(product, { id: "l1", json }));
    expect(await show(false)).toMatch(/^letter l1 of runs, [\s\S]*reason: too large\n[\s\S]*waits\n\n\{\}\n$/);
    expect(JSON.parse(await show(true))).toMatchObject({ service: "runs", payload: "{}" });
    const decide = (decision: "RETRY" | "DISCARD", json = false) =>
      printed(() => decideLetter(product, { id: "l1", decision, reason: "case 7", json }));
    expect(await decide("RETRY")).toBe("letter l1 of runs is sent again, and then what waits behind it\n");
    expect(asked).toContain('"reason":"case 7"');
    expect(await decide("DISCARD")).toBe("letter l1 of runs is discarded; what waits behind it goes on\n");
    expect(JSON.parse(await decide("DISCARD", true))).toMatchObject({ service: "runs", letterId: "l1" });
    for (const service of ["tools", "policy", "memory"]) {
      data = {
        ...each({ letter: null }, { letter: null }),
        [`${service}Outbox`]: { letter: { ...LETTER, payload: null } },
      };
      expect(await decide("RETRY")).toContain(`letter l1 of ${service} is sent again`);
    }
    data = each({ letter: null }, { letter: null });
    await expect(show(false)).rejects.toThrow("no letter l1 waits for a person");
  });
});
