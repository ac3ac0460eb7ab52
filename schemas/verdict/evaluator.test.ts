import { beforeAll, describe, expect, it } from "vitest";
import { type Evaluator, loadEvaluator } from "./evaluator.ts";
import { isPolicyError, isPolicyResult } from "./policy-result.ts";
import { DATA, readShipped } from "./testing/decided.ts";

const ASK = '{"actor":{"role":"assistant"},"tool":{"name":"clock","risk":"low"}}';

describe("loadEvaluator()", () => {
  let evaluator: Evaluator;
  beforeAll(async () => {
    evaluator = await loadEvaluator(await readShipped());
  });

  it("decides with the data it is given, and with others the next time", () => {
    expect(evaluator.evaluate(ASK, DATA).result.allow).toBe(true);
    expect(evaluator.evaluate(ASK, "{}").result.allow).toBe(false);
    expect(evaluator.evaluate(ASK, DATA).result.allow).toBe(true);
  });

  it("denies what is nested too deep for any stack, and only counts brackets that nest", () => {
    const ask = (args: string) => evaluator.evaluate(`${ASK.slice(0, -1)},"args":${args}}`, DATA);
    expect(ask("[".repeat(20_000) + "]".repeat(20_000)).fault?.kind).toBe("tooDeep");
    expect(ask("[".repeat(998) + "]".repeat(998)).result.allow).toBe(true);
    expect(ask(`[${"{},".repeat(5_000)}"${"[".repeat(5_000)}\\"["]`).result.allow).toBe(true);
  });

  it("decides as ever after failures, however many there were", () => {
    const before = evaluator.evaluate(ASK, DATA);
    for (let n = 0; n < 20; n += 1)
      for (const data of ["no JSON", '{"roles":', "[".repeat(200_000)])
        expect(evaluator.evaluate(ASK, data).fault?.kind).toBe("failed");
    expect(evaluator.evaluate(ASK, DATA)).toEqual(before);
    expect(evaluator.trace(ASK, DATA)).toMatchObject({ known_role: true });
  });

  it("tells which rules hold", () => {
    const asked = ASK.replace("low", "high");
    expect(evaluator.trace(asked, DATA)).toEqual({ known_role: true, listed: true, risk_within: undefined });
    expect(evaluator.trace(ASK, DATA)).toMatchObject({ risk_within: true });
    expect(evaluator.trace(ASK, "no JSON")).toEqual({});
  });

  it("gives reasons that a database keeps", () => {
    const { reason } = evaluator.evaluate('{"actor":{"role":"a\\u0000b"},"tool":{}}', DATA).result;
    expect(reason).toBe("there is no role a\ufffdb");
  });

  it("denies with a bundle that cannot be loaded, and with data that are none", async () => {
    const broken = await loadEvaluator(new Uint8Array());
    expect(broken.fault).toBeInstanceOf(Error);
    expect(broken.evaluate(ASK, DATA)).toMatchObject({ result: { allow: false }, fault: { kind: "bundle" } });
    expect(broken.trace(ASK, DATA)).toEqual({});
    expect(evaluator.evaluate(ASK, "no JSON")).toMatchObject({ result: { allow: false }, fault: { kind: "failed" } });
    expect(evaluator.evaluate(ASK, DATA).result.allow).toBe(true);
  });
});

describe("isPolicyResult()", () => {
  const whole = { allow: true, reason: "", obligations: {}, ttl_s: 0 };

  it("takes the shape of an answer, and nothing else", () => {
    expect(isPolicyResult(whole)).toBe(true);
    expect(isPolicyResult({ ...whole, obligations: { sandbox: ["none"], path: "C:\\u0000" } })).toBe(true);
    for (const other of [
      null,
      [],
      "allow",
      { ...whole, allow: "true" },
      { ...whole, reason: 1 },
      { ...whole, reason: "x".repeat(2_001) },
      { ...whole, obligations: [] },
      { ...whole, obligations: { cpu: Number.POSITIVE_INFINITY } },
      { ...whole, obligations: { name: "a\u0000" } },
      { ...whole, obligations: { name: "\\\u0000" } },
      { ...whole, obligations: { "\ud800": 1 } },
      { ...whole, ttl_s: 0.5 },
      { ...whole, ttl_s: -1 },
      { ...whole, ttl_s: 3_601 },
      { ...whole, ttl_s: "1" },
      { ...whole, more: 1 },
      { allow: true, reason: "", obligations: {} },
    ])
      expect(isPolicyResult(other)).toBe(false);
  });
});

describe("isPolicyError()", () => {
  it("is true of denials that no rule gave", () => {
    expect(isPolicyError({ allow: false, reason: "policy_error: bundle" })).toBe(true);
    expect(isPolicyError({ allow: true, reason: "policy_error: bundle" })).toBe(false);
    expect(isPolicyError({ allow: false, reason: "no rule allows this call" })).toBe(false);
  });
});
