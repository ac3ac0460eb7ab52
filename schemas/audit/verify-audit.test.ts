import { hash } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { canonicalJson } from "../json.ts";
import { type AuditLine, parseAuditLine } from "./audit-lines.ts";
import { type CheckSeal, createSealCheck, sealDigest } from "./check-seal.ts";
import { detailsText, type SealedEvent, type SignedSeal } from "./sealed-event.ts";
import { createSealing, headOf } from "./testing/sealed-audit.ts";
import { type AuditFinding, verifyAudit } from "./verify-audit.ts";

const sealing = createSealing();
const checkSeal = createSealCheck(sealing.publicKey);
/** Seals of 3, 1 and 2 events: lines 0, 1 2 3 4, 5 6, 7 8 9, 10. */
let sound: AuditLine[];
let newest: string;

beforeAll(async () => {
  sound = await sealing.audit([3, 1, 2]);
  newest = sealDigest((sound[7] as { seal: SignedSeal }).seal);
});

async function verify(lines: Iterable<AuditLine>, options: { checkSeal?: CheckSeal; kept?: string } = { checkSeal }) {
  const findings: AuditFinding[] = [];
  const counts = await verifyAudit(lines, { ...options, onFinding: (finding) => findings.push(finding) });
  expect(counts.findings).toBe(findings.length);
  return { counts, findings };
}
const eventAt = (at: number) => (sound[at] as { event: SealedEvent }).event;
const sealAt = (at: number) => (sound[at] as { seal: SignedSeal }).seal;
const withEvent = (at: number, changes: Partial<SealedEvent>) =>
  sound.with(at, { kind: "event", event: { ...eventAt(at), ...changes } });
const withSeal = (at: number, changes: Partial<SignedSeal>) =>
  sound.with(at, { kind: "seal", seal: { ...sealAt(at), ...changes } });

describe("verifyAudit()", () => {
  it("finds nothing in what was sealed, with the keys and without, and tells the digest of the newest seal", async () => {
    const counts = { seals: 3, events: 6, findings: 0, newest: { number: 3, digest: newest } };
    expect(await verify(sound, { checkSeal, kept: newest })).toEqual({ counts, findings: [] });
    expect((await verify(sound, { kept: sealDigest(sealAt(1)) })).findings).toEqual([]);
    expect((await verify(await sealing.audit([]))).counts).toMatchObject({ seals: 0, findings: 0, newest: null });
  });

  const gone = (...at: number[]) => sound.filter((_, i) => !at.includes(i));
  it.each<[string, () => AuditLine[], object[]]>([
    ["an event that was edited", () => withEvent(3, { decision: "allow" }), [{ seal: 1, why: /^one of events 1 to 3/ }]],
    ["one of a seal of its own", () => withEvent(6, { decision: "allow" }), [{ seal: 2, why: /^event 4 is not/ }]],
    ["details that were edited", () => withEvent(3, { salt: "" }), [{ seq: 2, why: /reason or meta is not/ }]],
    ["details that are gone", () => withEvent(3, { details: null }), [{ seq: 2, why: /are not here/ }]],
    ["an event that is gone", () => gone(3), [{ seq: 3, why: /^event 2 should/ }, { seal: 1, why: /3 events, and 2/ }, {}]],
    [
      "one that was put in",
      () => sound.toSpliced(4, 0, sound[3] as AuditLine),
      [{ seq: 2, why: /^event 3 should/ }, { seal: 1, why: /3 events, and 4/ }, { why: /^its end names 3 seals and 6/ }],
    ],
    [
      "events in another order",
      () => sound.with(3, sound[4] as AuditLine).with(4, sound[3] as AuditLine),
      [{ seq: 3 }, { seq: 2 }, { seal: 1 }],
    ],
    ["an event before every seal", () => sound.with(1, sound[2] as AuditLine).with(2, sound[1] as AuditLine), [
      { seq: 1, why: /before every seal/ },
      { seal: 1, why: /from 1 on, and 2 is/ },
      { seq: 2, why: /^event 1 should/ },
      { seal: 1, why: /3 events, and 2/ },
    ]],
    ["an event of another tenant", () => withEvent(6, { tenant: "beta" }), [{ seq: 4, why: /tenant beta/ }, { seal: 2 }]],
    ["a seal of another tenant", () => withSeal(7, { tenant: "beta" }), [{ why: /tenant beta/ }, { why: /signature/ }]],
    ["a seal that was edited", () => withSeal(7, { at: "now" }), [{ seal: 3, why: /signature/ }]],
    [
      "a seal that is gone with its events",
      () => gone(5, 6),
      [{ seal: 3, why: /^seal 2 should/ }, { why: /from 5 on, and 4/ }, { why: /another seal before/ }, { why: /its end/ }],
    ],
    ["a tail that is gone", () => sound.slice(0, 7), [{ why: /^it is cut off: it has 2 seals and 4 events/ }]],
    ["a tail that is gone, but for the end", () => gone(7, 8, 9), [{ why: /^its end names 3 seals and 6 events/ }]],
  ])("names %s", async (_name, lines, expected) => {
    const { findings } = await verify(lines());
    const told = expected.map((each) =>
      "why" in each ? { ...each, why: expect.stringMatching(each.why as RegExp) } : each,
    );
    expect(findings).toMatchObject(told);
  });

  it("names newest seals that are gone with the end of before, to who kept a digest", async () => {
    const cut: AuditLine[] = [...sound.slice(0, 7), { kind: "end", seals: 2, events: 4 }];
    expect((await verify(cut)).findings).toEqual([]);
    expect((await verify(cut, { checkSeal, kept: newest })).findings).toMatchObject([
      { why: expect.stringContaining(newest) },
    ]);
  });

  it.each<[string, () => AuditLine[]]>([
    ["does not begin with the head", () => sound.slice(1)],
    ["has the head of another export", () => [...sound.slice(0, 3), ...sound]],
    ["goes on after its end", () => [...sound, ...sound]],
  ])("refuses a file that %s", async (why, lines) => {
    await expect(verify(lines())).rejects.toThrow(why);
  });

  it("finds whatever somebody does to an export who does not have the key", async () => {
    const texts = sound.map((line) => canonicalJson(line));
    const at = fc.nat({ max: texts.length - 1 });
    const move = (from: number, to: number) => texts.toSpliced(from, 1).toSpliced(to, 0, texts[from] as string);
    const alteration = fc.oneof(
      fc.tuple(at, fc.nat(), fc.string({ maxLength: 3, unit: "binary" })).map(([i, place, put]) => {
        const [text, cut] = [texts[i] as string, place % (texts[i] as string).length];
        return texts.with(i, text.slice(0, cut) + put + text.slice(cut + 1));
      }),
      at.map((i) => texts.toSpliced(i, 1)),
      at.map((i) => texts.slice(0, i)),
      fc.tuple(at, at).map(([i, to]) => texts.toSpliced(to, 0, texts[i] as string)),
      fc.tuple(at, at).map(([i, to]) => move(i, to)),
      fc.constantFrom([7, 2, 4], [5, 1, 3], [1, 0, 0]).map(([from, seals, events]) => [
        ...texts.slice(0, from),
        canonicalJson({ kind: "end", seals, events }),
      ]),
    );
    await fc.assert(
      fc.asyncProperty(alteration, async (altered) => {
        fc.pre(altered.map((text) => text.trimEnd()).join("\n") !== texts.join("\n"));
        expect(await isFound(altered)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("finds any field that is another, though all digests are made again", async () => {
    const fields = Object.keys(eventAt(3)).filter((name) => !["details", "detailsDigest"].includes(name));
    const details = ["actor", "subject", "reason"].map((name) => ({ details: { ...eventAt(3).details, [name]: "x" } }));
    for (const changes of [...fields.map((name) => ({ [name]: name === "seq" ? 9 : "x" })), ...details]) {
      const event = { ...eventAt(3), ...changes } as SealedEvent;
      event.detailsDigest = hash("sha256", detailsText(event.salt, event.details as never), "hex");
      const head = await headOf([eventAt(2), event, eventAt(4)]);
      const altered = withSeal(1, { head }).with(3, { kind: "event", event });
      expect((await verify(altered)).findings, canonicalJson(changes)).not.toEqual([]);
    }
  });

  async function isFound(texts: readonly string[]): Promise<boolean> {
    try {
      const lines = texts.map((text, i) => parseAuditLine(text, i + 1));
      return (await verify(lines, { checkSeal, kept: newest })).findings.length > 0;
    } catch (error) {
      if (error instanceof TypeError) return true;
      throw error;
    }
  }
});

describe("parseAuditLine()", () => {
  it("takes the lines of an export, with any end of a line", () => {
    for (const line of sound) expect(parseAuditLine(`${canonicalJson(line)}\r`, 1)).toEqual(line);
  });

  it.each(["", "{", "1e999", "null", '{"kind":"other"}', '{ "events":0,"kind":"end","seals":0}', '{"kind":"end"}'])(
    "refuses %s by its number",
    (text) => {
      expect(() => parseAuditLine(text, 7)).toThrow("line 7 is not one of an export of the audit");
    },
  );
});

describe("createSealCheck()", () => {
  it("takes one key or a set, asks those of the name that a seal has, and all when either has none", () => {
    const other = createSealing("k2");
    const set = { keys: [other.publicKey, sealing.publicKey] };
    expect(createSealCheck(set)(sealAt(1))).toBeUndefined();
    expect(createSealCheck({ keys: [other.publicKey] })(sealAt(1))).toContain("signed with key k1, which is not among");
    expect(createSealCheck({ ...other.publicKey, kid: undefined })(sealAt(1))).toContain("signature");
    expect(createSealCheck(set)(sealing.signed({ ...sealAt(1), keyId: null }))).toBeUndefined();
  });

  it("takes a signature in no second way of writing it", () => {
    expect(checkSeal({ ...sealAt(1), signature: `${sealAt(1).signature}=` })).toContain("signature");
  });

  it.each([null, 1, {}, { keys: [] }, { keys: 1 }, { keys: [1] }, { kty: "OKP", crv: "X25519" }, { crv: "Ed25519" }])(
    "refuses %j",
    (value) => {
      expect(() => createSealCheck(value)).toThrow(TypeError);
    },
  );
});
