import { newId } from "@soma/shared/ids";
import { aPrincipal } from "@soma/shared/testing/principals";
import { describe, expect, it } from "vitest";
import type { RecallParams, RecallPort } from "../recall/recall-port.ts";
import { recall } from "./recall.ts";

type Asked = Omit<RecallParams, "tenant">;

/** A brain that knows nothing and keeps what it was asked. */
function aListeningBrain(): { brain: RecallPort; asked: RecallParams[] } {
  const asked: RecallParams[] = [];
  const brain: RecallPort = {
    recall: async (params) => {
      asked.push(params);
      return { hits: [], source: "LOCAL", isDegraded: false };
    },
  };
  return { brain, asked };
}

function someParams(changes: Partial<Asked> = {}): Asked {
  return { query: "violin", namespace: "default", limit: 8, ...changes };
}

describe("recall()", () => {
  it("asks the brain for the caller's own tenant, in text that Postgres can keep", async () => {
    const { brain, asked } = aListeningBrain();
    const sessionId = newId();
    const params = someParams({ query: " vio\u0000lin\ud800 ", kind: "FACT", sessionId, limit: 50 });
    expect(await recall({ brain }, aPrincipal({ tenant: "acme" }), params)).toEqual({
      hits: [],
      source: "LOCAL",
      isDegraded: false,
    });
    await recall({ brain }, aPrincipal(), someParams({ query: "x".repeat(2_000), limit: 1 }));
    expect(asked).toMatchObject([
      { tenant: "acme", query: "vio\ufffdlin\ufffd", namespace: "default", kind: "FACT", sessionId, limit: 50 },
      { limit: 1 },
    ]);
  });

  it.each<[Partial<Asked>, string]>([
    [{ query: " \n" }, "the query has 0 characters; it needs 1 to 2000"],
    [{ query: "x".repeat(2_001) }, "the query has 2001 characters"],
    [{ namespace: "a\u0000" }, "is not 1 to 40 of a-z, 0-9 and -"],
    [{ limit: 0 }, "limit is 0; it must be 1 to 50"],
    [{ limit: 51 }, "limit is 51"],
    [{ limit: 1.5 }, "limit is 1.5"],
    [{ sessionId: "nope" }, 'session id "nope" is not a UUID'],
  ])("refuses %j before any brain hears of it", async (changes, message) => {
    const { brain, asked } = aListeningBrain();
    await expect(recall({ brain }, aPrincipal(), someParams(changes))).rejects.toMatchObject({
      code: "BAD_INPUT",
      message: expect.stringContaining(message),
    });
    expect(asked).toEqual([]);
  });
});
