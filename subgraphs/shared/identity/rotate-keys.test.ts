import { describe, expect, it } from "vitest";
import { findSigningKey, findVerifyKeys, MAX_KEYS } from "./key-ring.ts";
import { createKeyPair, type KeySets, rotateKeys } from "./rotate-keys.ts";

const NONE: KeySets = { signing: [], verifying: [] };
const TIMES = { nowS: 1_000, afterS: 300, keepS: 600 };
const kids = (keys: readonly { kid?: string }[]): (string | undefined)[] => keys.map(({ kid }) => kid);

describe("rotateKeys()", () => {
  it("begins at once where there were no keys", async () => {
    const made = rotateKeys(NONE, { next: await createKeyPair("a"), ...TIMES });
    expect([made.beginsAtS, kids(made.signing), kids(made.verifying)]).toEqual([1_000, ["a"], ["a"]]);
    expect(made.verifying[0]).not.toHaveProperty("d");
    expect(made.verifying[0]).not.toHaveProperty("exp");
  });

  it("lets the key before sign until the new one begins, and verify until what it signed is over", async () => {
    const first = rotateKeys(NONE, { next: await createKeyPair("a"), ...TIMES });
    const { signing, verifying } = rotateKeys(first, { next: await createKeyPair("b"), ...TIMES, nowS: 5_000 });
    const at = (nowS: number) => [
      findSigningKey(signing, nowS).kid,
      kids(findVerifyKeys(verifying, { alg: "EdDSA" }, nowS)),
    ];
    expect(at(5_000)).toEqual(["a", ["a", "b"]]);
    expect(at(5_299)).toEqual(["a", ["a", "b"]]);
    expect(at(5_300)).toEqual(["b", ["a", "b"]]);
    expect(at(5_899)).toEqual(["b", ["a", "b"]]);
    expect(at(5_900)).toEqual(["b", ["b"]]);
  });

  it("leaves out what is over, so that the sets do not grow", async () => {
    let sets: KeySets = NONE;
    for (let round = 0; round < 30; round += 1) {
      const next = await createKeyPair(`key ${round}`);
      sets = rotateKeys(sets, { next, ...TIMES, nowS: 10_000 * (round + 1) });
      expect([sets.signing.length, sets.verifying.length]).toEqual([Math.min(2, round + 1), Math.min(2, round + 1)]);
    }
    expect(kids(sets.signing)).toEqual(["key 28", "key 29"]);
  });

  it("can end after each of its writes: whatever signs is verified without an end, and the next one goes on", async () => {
    const first = rotateKeys(NONE, { next: await createKeyPair("a"), ...TIMES });
    for (const times of [TIMES, { ...TIMES, afterS: 0, keepS: 0 }]) {
      const { announced, signing, verifying } = rotateKeys(first, { next: await createKeyPair("b"), ...times });
      const writes: KeySets[] = [
        { signing: first.signing, verifying: announced },
        { signing, verifying: announced },
        { signing, verifying },
      ];
      expect(announced.map(({ kid, exp }) => [kid, exp])).toEqual([
        ["a", undefined],
        ["b", undefined],
      ]);
      const next = await createKeyPair("c");
      for (const left of writes) {
        expect(kids(left.verifying)).toEqual(expect.arrayContaining(kids(left.signing)));
        const again = rotateKeys(left, { next, ...TIMES, nowS: 1_400 });
        expect(kids(again.verifying)).toEqual(expect.arrayContaining(kids(again.signing)));
      }
    }
  });

  it("makes no set that nobody would take, and ends every key at once even of a full one", async () => {
    const [one, next] = [await createKeyPair("a"), await createKeyPair("b")];
    const full: KeySets = {
      signing: [one.privateKey],
      verifying: Array.from({ length: MAX_KEYS }, () => one.publicKey),
    };
    expect(() => rotateKeys(full, { next, ...TIMES })).toThrow(`a set has ${MAX_KEYS} at most`);
    const now = rotateKeys(full, { next, ...TIMES, afterS: 0, keepS: 0 });
    expect([now.announced.length, kids(now.verifying)]).toEqual([MAX_KEYS, ["b"]]);
  });

  it("never prolongs a key that ends already", async () => {
    const first = rotateKeys(NONE, { next: await createKeyPair("a"), ...TIMES });
    const second = rotateKeys(first, { next: await createKeyPair("b"), ...TIMES, nowS: 2_000 });
    const third = rotateKeys(second, { next: await createKeyPair("c"), ...TIMES, nowS: 2_400 });
    expect(third.verifying.map(({ kid, exp }) => [kid, exp])).toEqual([
      ["a", 2_900],
      ["b", 3_300],
      ["c", undefined],
    ]);
  });

  it("refuses a second new key before the first one has begun, unless it is to begin now", async () => {
    const first = rotateKeys(NONE, { next: await createKeyPair("a"), ...TIMES });
    const second = rotateKeys(first, { next: await createKeyPair("b"), ...TIMES, nowS: 2_000 });
    const next = await createKeyPair("c");
    expect(() => rotateKeys(second, { next, ...TIMES, nowS: 2_100 })).toThrow(
      "a new key begins at 1970-01-01T00:38:20.000Z already",
    );
    const now = rotateKeys(second, { next, nowS: 2_100, afterS: 0, keepS: 0 });
    expect([kids(now.signing), kids(now.verifying)]).toEqual([["c"], ["c"]]);
  });
});
