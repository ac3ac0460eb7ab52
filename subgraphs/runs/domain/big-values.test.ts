import { canonicalJson, type Json, type JsonObject } from "@soma/schemas/json";
import { describe, expect, it } from "vitest";
import { referredBy, type Stored, toStoredJson, toStoredPayload, toStoredText, toWhole } from "./big-values.ts";

const big = (letter: string, bytes = 9_000): string => letter.repeat(bytes);
const HASH = "0".repeat(64);

/** As rows give it back: what is stored has been written and read. */
function restored({ json, values }: Stored): Json {
  const kept = new Map(values.map(({ hash, text }): [string, Json] => [hash, JSON.parse(text)]));
  return toWhole("event 1", JSON.parse(JSON.stringify(json)), kept);
}

describe("toStoredPayload()", () => {
  it.each<[string, JsonObject, number]>([
    ["nothing of a small payload", { patch: { a: "small" }, output: null }, 0],
    ["a text, once however often it comes", { patch: { doc: big("x"), copy: big("x") }, output: big("x") }, 1],
    ["each document of a list", { patch: { docs: [big("a"), { text: big("b") }, "small"] } }, 2],
    ["a list of small things as a whole", { output: Array.from({ length: 2_000 }, (_, no) => ({ no })) }, 1],
    ["what is still large around a document", { patch: { list: [big("a"), ...Array(5_000).fill("x")] } }, 1],
    [
      "a list that refers to more than it has",
      { patch: { docs: Array.from({ length: 200 }, (_, no) => big(`${no},`)) } },
      1,
    ],
    [
      "names that mean something elsewhere",
      JSON.parse(`{"patch":{"__proto__":"${big("p")}","constructor":"${big("c")}"}}`),
      2,
    ],
    ["letters that JSON writes longer", { patch: { quotes: '"'.repeat(4_500), wide: "é".repeat(4_500) } }, 2],
  ])("takes out %s, and toWhole() gives the same text again", (_, payload, count) => {
    const stored = toStoredPayload(payload);
    expect(stored.values).toHaveLength(count);
    expect(canonicalJson(restored(stored))).toBe(canonicalJson(payload));
    expect(JSON.stringify(stored.json).length).toBeLessThan(8_192);
    expect(new Set(referredBy(stored.json))).toEqual(new Set(stored.values.map(({ hash }) => hash)));
  });

  it("takes what is nested beyond any use as it is", () => {
    let nested: Json = big("x");
    for (let depth = 0; depth < 4_000; depth += 1) nested = [nested];
    const stored = toStoredPayload({ patch: { nested } });
    expect(stored.values).toHaveLength(1);
    expect(canonicalJson(restored(stored))).toBe(canonicalJson({ patch: { nested } }));
  });

  it("leaves in the row what is read of it without the rest, and nothing else that is large", () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, no) => [`f${no}`, no]));
    const payload = {
      ...{ output: { status: "FAILED", cut: big("c", 100), ...many }, error: { code: "BAD_INPUT", ...many } },
      ...{ signal: "name", patch: { doc: big("x") } },
    };
    const stored = toStoredPayload(payload);
    const { "soma:big": _, ...row } = stored.json;
    expect(row).toEqual({
      ...{ output: { status: "FAILED" }, error: { code: "BAD_INPUT" }, signal: "name", patch: { doc: null } },
    });
    expect(restored(stored)).toEqual(payload);
  });

  it("gives equal content equal hashes, whatever the order of its fields", () => {
    const one = toStoredPayload({ patch: { list: [{ a: 1, b: big("x", 100) }, ...Array(3_000).fill(1)] } });
    const two = toStoredPayload({ patch: { list: [{ b: big("x", 100), a: 1 }, ...Array(3_000).fill(1)] } });
    expect(one.values).toEqual(two.values);
  });
});

describe("toStoredText()", () => {
  it("leaves a text as it is that is small, or has nothing that can be taken out", () => {
    const small = canonicalJson({ patch: { a: 1 } });
    expect(toStoredText({ patch: { a: 1 } }, small)).toEqual({ text: small, values: [] });
    const several = { one: big("x", 5_000), two: big("y", 5_000) };
    const wide = canonicalJson(several);
    expect(toStoredText(several, wide)).toEqual({ text: wide, values: [] });
  });

  it("stores the rest of a large one", () => {
    const payload = { patch: { doc: big("x") } };
    const stored = toStoredText(payload, canonicalJson(payload));
    expect(stored.values).toHaveLength(1);
    expect(stored.text.length).toBeLessThan(200);
    expect(restored({ json: JSON.parse(stored.text), values: stored.values })).toEqual(payload);
  });
});

describe("toStoredJson()", () => {
  it.each<[string, Json]>([
    ["a forged reference", { "soma:big": [[HASH, "text"]], text: "mine" }],
    ["a forged reference to the whole", { "soma:big": [[HASH]] }],
    ["a field of our name that is nothing of ours", { "soma:big": 1 }],
    ["forged references within", { a: { "soma:big": [[HASH]] }, b: [{ "soma:big": [[HASH]] }] }],
    ["forged references beside something big", { a: { "soma:big": [[HASH]] }, doc: big("x") }],
    ["a list with something big", [big("a"), 1]],
    ["a text that is big", big("a")],
    ["texts of our name", ["soma:big", "soma:big"]],
    ["nothing", null],
    [
      "an object that is large as a whole",
      Object.fromEntries(Array.from({ length: 3_000 }, (_, no) => [`f${no}`, no])),
    ],
  ])("gives back what a user sent: %s", (_, value) => {
    const stored = toStoredJson(value);
    expect(restored(stored)).toEqual(value);
    expect(JSON.stringify(stored.json).length).toBeLessThan(8_192);
  });

  it("leaves what is small as it is", () => {
    const value = { text: "hello" };
    expect(toStoredJson(value)).toEqual({ json: value, values: [] });
  });
});

describe("toWhole()", () => {
  it("leaves alone what was written before anything was taken out, and is no reference of ours", () => {
    for (const old of [{ "soma:big": "no list" }, { "soma:big": [1] }, { "soma:big": [["no hash"]] }, { patch: {} }])
      expect(toWhole("event 1", old, new Map())).toEqual(old);
  });

  it("names the value that is missing, and what cannot be read without it", () => {
    const { json, values } = toStoredPayload({ patch: { doc: big("x") } });
    const name = values[0]?.hash;
    expect(() => toWhole("event 7 of run r", json, new Map())).toThrow(
      expect.objectContaining({
        code: "VALUE_MISSING",
        message: `event 7 of run r cannot be read: its value ${name} is missing in the database; restore it from a backup`,
      }),
    );
  });
});
