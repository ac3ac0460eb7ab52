/**
 * The Merkle tree of RFC 6962: a leaf is hashed behind a byte 0 and a node behind a byte 1, so that no node passes for a
 * leaf. The hash is given by the caller, as a browser's is asynchronous and Node's is not.
 */
export type Hash = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const TEXT = new TextEncoder();

export async function leafHash(hash: Hash, leaf: string | Uint8Array): Promise<Uint8Array> {
  return hash(concat(LEAF, typeof leaf === "string" ? TEXT.encode(leaf) : leaf));
}

/** The head of the tree over these leaf hashes. */
export async function treeHead(hash: Hash, leaves: readonly Uint8Array[]): Promise<Uint8Array> {
  let level = leaves;
  while (level.length > 1) level = await levelAbove(hash, level);
  return level[0] ?? hash(new Uint8Array());
}

/** The hashes that lead from a leaf to the head: of the RFC's proof of inclusion, lowest first. */
export async function inclusionPath(hash: Hash, leaves: readonly Uint8Array[], index: number): Promise<Uint8Array[]> {
  const path: Uint8Array[] = [];
  let [level, at] = [leaves, index];
  while (level.length > 1) {
    const partner = level[at ^ 1];
    if (partner !== undefined) path.push(partner);
    level = await levelAbove(hash, level);
    at >>= 1;
  }
  return path;
}

interface HeadByPathParams {
  leaf: Uint8Array;
  index: number;
  /** Leaves of the tree. */
  size: number;
  path: readonly Uint8Array[];
}

/** The head that a leaf and its path lead to; undefined when a tree of this size has no such path. */
export async function headByPath(hash: Hash, { leaf, index, size, path }: HeadByPathParams) {
  if (index < 0 || index >= size) return undefined;
  const left = [...path];
  let head = leaf;
  for (let [at, last] = [index, size - 1]; last > 0; at >>= 1, last >>= 1) {
    // The last node of a level that has an odd number of them goes up without a partner.
    if (at === last && at % 2 === 0) continue;
    const partner = left.shift();
    if (partner === undefined) return undefined;
    head = at % 2 === 0 ? await nodeHash(hash, head, partner) : await nodeHash(hash, partner, head);
  }
  return left.length === 0 ? head : undefined;
}

/** A node without a partner goes up as it is, which makes the tree of the RFC: full on the left. */
async function levelAbove(hash: Hash, level: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const above: Uint8Array[] = [];
  let left: Uint8Array | undefined;
  for (const each of level) {
    if (left === undefined) left = each;
    else {
      above.push(await nodeHash(hash, left, each));
      left = undefined;
    }
  }
  if (left !== undefined) above.push(left);
  return above;
}

async function nodeHash(hash: Hash, left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  return hash(concat(NODE, left, right));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
