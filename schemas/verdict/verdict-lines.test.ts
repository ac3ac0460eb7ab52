import { beforeAll, describe, expect, it } from "vitest";
import { canonicalJson } from "../json.ts";
import type { RecordedDecision } from "./recorded-decision.ts";
import { createRecorder, DATA, readShipped } from "./testing/decided.ts";
import { parseVerdictLine, VERDICTS_FORMAT, type VerdictLine, verifyLines } from "./verdict-lines.ts";
import type { Finding } from "./verifier.ts";

const HEAD: VerdictLine = { kind: "head", format: VERDICTS_FORMAT, from: null, to: null };
let decisions: RecordedDecision[];
let whole: VerdictLine[];

beforeAll(async () => {
  const wasm = await readShipped();
  const decide = await createRecorder(wasm);
  decisions = [1, 2, 3].map((n) => decide({ role: "assistant", tool: "clock", risk: "low", args: { n } }, n));
  whole = [
    HEAD,
    { kind: "policy", wasm: Buffer.from(wasm).toString("base64") },
    { kind: "data", data: DATA },
    ...decisions.map((decision): VerdictLine => ({ kind: "decision", decision })),
    { kind: "end", decisions: 3 },
  ];
});

async function verify(lines: VerdictLine[], span: { fromMs?: number; toMs?: number } = {}) {
  const findings: Finding[] = [];
  const counts = await verifyLines(lines, { ...span, onFinding: (finding) => findings.push(finding) });
  return { counts, findings };
}

describe("verifyLines()", () => {
  it("recomputes an export from nothing but itself", async () => {
    const read = whole.map((line, at) => parseVerdictLine(canonicalJson(line), at + 1));
    expect(await verify(read)).toMatchObject({ counts: { follow: 3 }, findings: [] });
  });

  it("looks at the decisions of a time", async () => {
    const at = decisions.map(({ createdAt }) => Date.parse(createdAt));
    expect((await verify(whole, { fromMs: at[1] ?? 0 })).counts.follow).toBe(2);
    expect((await verify(whole, { fromMs: at[1] ?? 0, toMs: at[2] ?? 0 })).counts.follow).toBe(1);
  });

  it("names what does not follow, such as decisions by a policy that is not the recorded one", async () => {
    const other = whole.map((line) => (line.kind === "policy" ? { ...line, wasm: "AAAA" } : line));
    expect((await verify(other)).findings.map(({ id, kind }) => [id, kind])).toEqual(
      decisions.map(({ id }) => [id, "UNKNOWN"]),
    );
  });

  it("refuses what is cut off, lacks a decision, or does not begin as an export", async () => {
    await expect(verify(whole.slice(0, -1))).rejects.toThrow(
      "it is cut off: it has 3 decisions, and its end names none",
    );
    await expect(verify(whole.toSpliced(4, 1))).rejects.toThrow("it has 2 decisions, and its end names 3");
    await expect(verify(whole.slice(1))).rejects.toThrow("does not begin with the head");
    await expect(verify([])).rejects.toThrow("cut off: it has 0 decisions, and its end names none");
  });
});

describe("the order of an export", () => {
  it("is that in which decisions were made, each of them once", async () => {
    const [first, second] = whole.slice(3, 5);
    const twice = whole.toSpliced(4, 1, first ?? HEAD);
    await expect(verify(twice)).rejects.toThrow("decision 2 of it is not younger than the one before");
    const turned = whole.toSpliced(3, 2, second ?? HEAD, first ?? HEAD);
    await expect(verify(turned)).rejects.toThrow("decision 2 of it is not younger than the one before");
  });

  it("is one head, and one end after which nothing stands", async () => {
    await expect(verify([...whole, ...whole])).rejects.toThrow("it goes on after its end");
    await expect(verify([...whole.slice(0, -1), ...whole])).rejects.toThrow("it has the head of another export");
  });
});

describe("parseVerdictLine()", () => {
  it("refuses what is no line of an export, with its number", () => {
    const decision = decisions[0];
    const record = decision?.record;
    for (const value of [
      "{",
      "[]",
      '{"kind":"other"}',
      '{"kind":"head","format":"soma.run-history.v1"}',
      '{"kind":"policy"}',
      '{"kind":"data"}',
      '{"kind":"end"}',
      '{"kind":"decision"}',
      canonicalJson({ kind: "decision", decision: { ...decision, allow: 1 } }),
      canonicalJson({ kind: "decision", decision: { ...decision, actor: 1 } }),
      canonicalJson({ kind: "decision", decision: { ...decision, record: {} } }),
      canonicalJson({ kind: "decision", decision: { ...decision, record: { ...record, input: 1 } } }),
    ])
      expect(() => parseVerdictLine(value, 7)).toThrow("line 7 is not one of an export of decisions");
    const unrecorded = canonicalJson({ kind: "decision", decision: { ...decision, record: null } });
    expect(parseVerdictLine(unrecorded, 1).kind).toBe("decision");
  });
});
