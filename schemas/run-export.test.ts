import { describe, expect, it } from "vitest";
import { ERASED_PAYLOAD } from "./erased-payload.ts";
import { canonicalJson } from "./json.ts";
import { CHAIN_START, ChainError, chainText, payloadText, webSha256 } from "./run-chain.ts";
import { EXPORT_FORMAT, verifyExport } from "./run-export.ts";

const RUN_ID = "01890000-0000-7000-8000-000000000001";
const HEAD = { format: EXPORT_FORMAT, runId: RUN_ID, graph: "g", graphVersion: 1, lastSeq: 2, stateHash: null };

async function lines(): Promise<string[]> {
  const events: object[] = [];
  let prev = CHAIN_START;
  for (const [seq, payload] of [
    [1, { text: "hello" }],
    [2, { answer: "ü" }],
  ] as const) {
    const event = {
      seq,
      at: new Date(seq).toISOString(),
      type: "RUN_STARTED",
      stepId: null,
      nodeId: null,
      attempt: null,
    };
    const payloadHash = await webSha256(payloadText(payload));
    prev = await webSha256(chainText(RUN_ID, prev, { ...event, payloadHash }));
    events.push({ ...event, runId: RUN_ID, stepNumber: null, nodeType: null, payload, payloadHash, hash: prev });
  }
  return [HEAD, ...events].map(canonicalJson);
}

describe("verifyExport()", () => {
  it("gives what a sound export holds, with or without a line break at its end", async () => {
    const text = (await lines()).join("\n");
    const { head, events, hash, erased } = await verifyExport(text);
    expect([head, events.length, events.at(-1)?.hash, erased]).toEqual([HEAD, 2, hash, 0]);
    expect(await verifyExport(`${text}\n`)).toEqual({ head, events, hash, erased });
  });

  it("tells of one that was changed, cut off, or lost a line", async () => {
    const [head = "", first = "", second = ""] = await lines();
    for (const broken of [
      [head, first],
      [head, second],
      [head, first.replace("hello", "hallo"), second],
      [head, first, second, second],
    ])
      await expect(verifyExport(broken.join("\n"))).rejects.toBeInstanceOf(ChainError);
  });

  it("verifies what was erased by its digest, and counts it", async () => {
    const [head = "", first = "", second = ""] = await lines();
    const erase = (line: string, more: object = {}) =>
      canonicalJson({ ...JSON.parse(line), payload: { ...ERASED_PAYLOAD, ...more } });
    const { erased, hash } = await verifyExport([head, erase(first), erase(second)].join("\n"));
    expect([erased, hash]).toEqual([2, JSON.parse(second).hash]);
    for (const broken of [
      [head, erase(first, { more: 1 }), second],
      [head, erase(first).replace(/"payloadHash":"./, '"payloadHash":"x'), second],
      [head, erase(first.replace("RUN_STARTED", "RUN_ROLLED_BACK")), second],
    ])
      await expect(verifyExport(broken.join("\n"))).rejects.toBeInstanceOf(ChainError);
  });

  it.each([
    ["nothing", "", "line 1 is not a JSON object"],
    ["another file", '{"name": "x"}', "its format is not soma.run-history.v1"],
    ["a head that says too little", canonicalJson({ ...HEAD, lastSeq: -1 }), "line 1 does not say of which run"],
    ["a line that is no event", `${canonicalJson(HEAD)}\n{"seq": 1}`, "line 2 is not an event"],
    ["a line that is no JSON", `${canonicalJson(HEAD)}\nnull`, "line 2 is not a JSON object"],
  ])("refuses %s", async (_what, text, why) => {
    await expect(verifyExport(text)).rejects.toThrow(why);
  });
});
