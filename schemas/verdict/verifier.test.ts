import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../json.ts";
import { isPolicyError } from "./policy-result.ts";
import type { DecisionRecord, RecordedDecision } from "./recorded-decision.ts";
import { type Asked, createRecorder, DATA, readShipped } from "./testing/decided.ts";
import { createVerifier, sha256, type Verifier } from "./verifier.ts";

const CALL: Asked = { role: "assistant", tool: "clock", risk: "low", args: { zone: "UTC" } };

let wasm: Uint8Array;
let decide: Awaited<ReturnType<typeof createRecorder>>;
let verifier: Verifier;

beforeAll(async () => {
  wasm = await readShipped();
  decide = await createRecorder(wasm);
  verifier = await verifierOf(wasm);
  expect(verifier.check(decide(CALL))).toBeUndefined();
});

async function verifierOf(...policies: Uint8Array[]): Promise<Verifier> {
  const made = createVerifier();
  for (const policy of policies) await made.addPolicy(policy);
  made.addData(DATA);
  return made;
}

/** A decision whose record says something else. */
function rerecorded(decision: RecordedDecision, changes: Partial<DecisionRecord>): RecordedDecision {
  if (decision.record === null) throw new Error("it has no record");
  return { ...decision, record: { ...decision.record, ...changes } };
}

const word = fc.oneof(
  fc.constantFrom("assistant", "nobody", "clock", "code_run", "low", "medium", "high"),
  fc.string(),
);
const asked: fc.Arbitrary<Asked> = fc.record({
  role: word,
  tool: word,
  risk: word,
  args: fc.jsonValue().map((value) => JSON.parse(canonicalJson(value)) as Json),
});
/** Another one than it was. */
const text = (was: string | null) => fc.string({ maxLength: 80 }).filter((now) => now !== was);
const digest = (was: string) => text(was).map(sha256);

/** Everything of a stored decision that somebody could alter, each as an arbitrary of what it could then be. */
const ALTERATIONS: Record<string, (was: RecordedDecision, record: DecisionRecord) => fc.Arbitrary<RecordedDecision>> = {
  verdict: (was) => fc.constant({ ...was, allow: !was.allow }),
  reason: (was) => text(was.reason).map((reason) => ({ ...was, reason })),
  obligations: (was) => fc.dictionary(word, word, { minKeys: 1 }).map((obligations) => ({ ...was, obligations })),
  tenant: (was) => text(was.tenant).map((tenant) => ({ ...was, tenant })),
  actor: (was) => text(was.actor).map((actor) => ({ ...was, actor })),
  role: (was) => text(was.role).map((role) => ({ ...was, role })),
  tool: (was) => text(was.tool).map((tool) => ({ ...was, tool })),
  "version of the tool": (was) => text(was.toolVersion).map((toolVersion) => ({ ...was, toolVersion })),
  risk: (was) => text(was.risk).map((risk) => ({ ...was, risk })),
  run: (was) => text(was.runId).map((runId) => ({ ...was, runId })),
  step: (was) => text(was.stepId).map((stepId) => ({ ...was, stepId })),
  time: (was) => text(was.createdAt).map((createdAt) => ({ ...was, createdAt })),
  "digest of the arguments": (was) => digest(was.argsDigest).map((argsDigest) => ({ ...was, argsDigest })),
  "policy version": (was) => text(was.policyVersion).map((policyVersion) => ({ ...was, policyVersion })),
  "policy revision": (was, { policyRevision }) =>
    digest(policyRevision).map((now) => rerecorded(was, { policyRevision: now })),
  "data revision": (was, { dataRevision }) => digest(dataRevision).map((now) => rerecorded(was, { dataRevision: now })),
  "digest of the input": (was, { inputDigest }) =>
    digest(inputDigest).map((now) => rerecorded(was, { inputDigest: now })),
  input: (was, { input }) => text(input).map((now) => rerecorded(was, { input: now })),
  "input under its own digest": (was, { input }) =>
    text(input).map((now) => rerecorded(was, { input: now, inputDigest: sha256(now) })),
  "arguments under their own digests": (was, { input = "" }) =>
    fc
      .jsonValue()
      .map((args) => canonicalJson({ ...JSON.parse(input ?? ""), args }))
      .filter((now) => now !== input)
      .map((now) => rerecorded(was, { input: now, inputDigest: sha256(now) })),
  "input, taken away": (was) => fc.constant(rerecorded(was, { input: null })),
  record: (was) => fc.constant({ ...was, record: null }),
};

describe("createVerifier()", () => {
  it("finds nothing in what was decided, whatever was asked", () => {
    fc.assert(
      fc.property(asked, (question) => {
        expect(verifier.check(decide(question))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.keys(ALTERATIONS))("names every decision that was altered, by its %s", (name) => {
    const altered = asked.chain((question) => {
      const was = decide(question);
      const alter = ALTERATIONS[name];
      if (alter === undefined || was.record === null) throw new Error("not decided");
      return alter(was, was.record);
    });
    fc.assert(
      fc.property(altered, (decision) => {
        expect(verifier.check(decision)).toMatchObject({ id: decision.id, why: expect.any(String) });
      }),
      { numRuns: 100 },
    );
  });

  it("tells what was stored and what follows", () => {
    const was = decide(CALL);
    expect(verifier.check({ ...was, allow: false, reason: "no" })).toEqual({
      id: was.id,
      kind: "DIFFERS",
      why: "it is denied, and allowed follows",
      stored: { allow: false, reason: "no", obligations: {} },
      recomputed: { allow: true, reason: "role assistant may call clock", obligations: {} },
    });
    expect(verifier.check({ ...was, expiresAt: "2027-01-16T00:00:00.000Z" })?.why).toBe(
      "it stands longer than the policy lets it",
    );
    expect(verifier.check({ ...was, expiresAt: "when it is over" })?.kind).toBe("DIFFERS");
  });

  it("takes no input that tells the policy something else than whoever reads it", () => {
    const was = decide({ ...CALL, role: "nobody" });
    const input = was.record?.input ?? "";
    const role = '"role":"nobody"';
    for (const now of [
      input.replace(role, `"role":"assistant",${role}`),
      input.replace(role, `${role},"admin":true`),
      input.replace(/}$/, ',"override":true}'),
      input.replace(role, '"role": "nobody"'),
      input.replace("nobody", "nob\\u006fdy"),
    ]) {
      const altered = rerecorded(was, { input: now, inputDigest: sha256(now) });
      expect(verifier.check(altered)).toMatchObject({ kind: "ALTERED", why: "its input is not the question alone" });
    }
    const none = rerecorded(was, { input: "null", inputDigest: sha256("null") });
    expect(verifier.check(none)).toMatchObject({ kind: "ALTERED", why: "its input is no question" });
  });

  it("names obligations that no JSON has, and goes on", () => {
    const was = decide(CALL);
    for (const obligations of [{ cpu: Number.POSITIVE_INFINITY }, { name: "\ud800" }])
      expect(verifier.check({ ...was, obligations })).toMatchObject({
        kind: "DIFFERS",
        why: "its obligations are others",
      });
    expect(verifier.check(was)).toBeUndefined();
  });

  it("says what it lacks", async () => {
    const was = decide(CALL);
    const empty = createVerifier();
    expect(empty.check(was)).toMatchObject({ kind: "UNKNOWN", why: expect.stringContaining("policy ") });
    await empty.addPolicy(wasm);
    expect(empty.check(was)).toMatchObject({ kind: "UNKNOWN", why: expect.stringContaining("data ") });
    expect(empty.counts).toEqual({ follow: 0, differ: 0, altered: 0, unknown: 2, unrecorded: 0 });
  });

  it("counts what is older than the first record, and names what is younger", async () => {
    const fresh = await verifierOf(wasm);
    const [old, first, young] = [decide(CALL, 1), decide(CALL, 2), decide(CALL, 3)];
    expect(fresh.check({ ...old, record: null })).toBeUndefined();
    expect(fresh.check(first)).toBeUndefined();
    expect(fresh.check({ ...young, record: null })).toMatchObject({ id: young.id, kind: "ALTERED" });
    expect(fresh.counts).toEqual({ follow: 1, differ: 0, altered: 1, unknown: 0, unrecorded: 1 });
  });

  it("takes a denial for the size of its input without it, and one of a broken policy with it or without", async () => {
    const huge = decide({ ...CALL, args: "x".repeat(70_000) });
    expect(huge.reason).toBe("policy_error: input larger than 64 KB");
    expect(isPolicyError(huge)).toBe(true);
    expect(verifier.check(rerecorded(huge, { input: null }))).toBeUndefined();
    const broken = new TextEncoder().encode("not wasm");
    const denied = (await createRecorder(broken))(CALL);
    const both = await verifierOf(wasm, broken);
    expect(denied.reason).toBe("policy_error: bundle");
    expect(both.check(denied)).toBeUndefined();
    expect(both.check(rerecorded(denied, { input: null }))).toBeUndefined();
    expect(both.check({ ...denied, allow: true })).toMatchObject({ kind: "DIFFERS" });
  });
});
