import { importJWK, type JWK } from "jose";

type Imported = ReturnType<typeof importJWK>;

const made = new WeakMap<JWK, Map<string, Imported>>();

/** A key as the runtime has it, made once for each algorithm: handed over as a JWK it costs a quarter of a verification more. */
export function toCryptoKey(key: JWK, alg: string): Imported {
  const byAlgorithm = made.get(key) ?? new Map<string, Imported>();
  made.set(key, byAlgorithm);
  const known = byAlgorithm.get(alg) ?? importJWK(key, alg);
  byAlgorithm.set(alg, known);
  return known;
}
