import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { headByPath, inclusionPath, leafHash, treeHead } from "./merkle-tree.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const leavesOf = (texts: string[]) => Promise.all(texts.map((text) => leafHash(sha256, Buffer.from(text, "hex"))));

/** Leaves and heads that other programs of RFC 6962 are tested by. */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const HEADS: [number, string][] = [
  [0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  [1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"],
  [2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
  [3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"],
  [7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"],
  [8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
];

/** The definition of RFC 6962, 2.1, as it stands there. */
function defined(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length < 2) return leaves[0] ?? sha256(Buffer.alloc(0));
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.concat([Buffer.of(1), defined(leaves.slice(0, k)), defined(leaves.slice(k))]));
}

describe("treeHead()", () => {
  it.each(HEADS)("of the first %i known leaves is the known one", async (count, head) => {
    expect(hex(await treeHead(sha256, await leavesOf(LEAVES.slice(0, count))))).toBe(head);
  });

  it("is what the RFC defines, for every size up to 40", async () => {
    for (let size = 0; size <= 40; size += 1) {
      const leaves = await leavesOf(Array.from({ length: size }, (_, i) => `${i + 10}`));
      expect(hex(await treeHead(sha256, leaves))).toBe(hex(defined(leaves)));
    }
  });

  it("tells a leaf of two hashes from the node of them", async () => {
    const [a, b] = await leavesOf(["01", "02"]);
    const node = await treeHead(sha256, [a as Uint8Array, b as Uint8Array]);
    const leaf = await leafHash(sha256, Buffer.concat([a as Uint8Array, b as Uint8Array]));
    expect(hex(leaf)).not.toBe(hex(node));
  });

  it("takes the text of a leaf as UTF-8", async () => {
    expect(hex(await leafHash(sha256, "é"))).toBe(hex(await leafHash(sha256, Buffer.from("c3a9", "hex"))));
  });
});

describe("inclusionPath()", () => {
  it.each([
    [5, 8, ["bc1a0643b12e4d2d", "ca854ea128ed050b", "d37ee418976dd957"]],
    [1, 5, ["6e340b9cffb37a98", "5f083f0a1a33ca07", "bc1a0643b12e4d2d"]],
    [2, 3, ["fac54203e7cc696c"]],
  ])("of leaf %i of %i known ones is the known one", async (index, size, known) => {
    const path = await inclusionPath(sha256, await leavesOf(LEAVES.slice(0, size)), index);
    expect(path.map((each) => hex(each).slice(0, 16))).toEqual(known);
  });

  it("leads each leaf of each size up to 20 to the head, and no other leaf, place or size", async () => {
    for (let size = 1; size <= 20; size += 1) {
      const leaves = await leavesOf(Array.from({ length: size }, (_, i) => `${i + 10}`));
      const head = hex(await treeHead(sha256, leaves));
      for (const [index, leaf] of leaves.entries()) {
        const path = await inclusionPath(sha256, leaves, index);
        const headOf = async (changes: object) => {
          const found = await headByPath(sha256, { leaf, index, size, path, ...changes });
          return found === undefined ? undefined : hex(found);
        };
        expect(await headOf({})).toBe(head);
        expect(await headOf({ leaf: sha256(leaf) })).not.toBe(head);
        expect(await headOf({ path: [...path, leaf] })).toBeUndefined();
        if (size > 1) expect(await headOf({ path: path.slice(1) })).toBeUndefined();
        for (const other of [-1, size]) expect(await headOf({ index: other })).toBeUndefined();
        if (size > 1) expect(await headOf({ index: index ^ 1 })).not.toBe(head);
      }
    }
  });
});
