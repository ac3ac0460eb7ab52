import type { PolicyResult } from "@soma/schemas/verdict/policy-result";

/** What decides: a compiled policy and its data. The same object as long as both are the same. */
export interface Revision {
  /** Digest of both, which those are told who ask. */
  version: string;
  /** SHA-256 of the compiled policy, and of its data, hex. */
  policyRevision: string;
  dataRevision: string;
  wasm: Uint8Array;
  /** Canonical JSON (RFC 8785). */
  data: string;
}

/** What decides, wherever it runs. */
export interface PolicyEngine {
  /** What the next decision is made by. */
  readonly revision: Revision;
  /** Why nothing can be decided, or undefined when all is well. */
  fault: string | undefined;
  /** Of a PolicyInput as canonical JSON. Never throws: what cannot be decided is denied, with the reason `policy_error: ...`. */
  decide(input: string): PolicyResult;
}
