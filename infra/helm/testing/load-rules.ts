import { readFile } from "node:fs/promises";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import type { Manifest } from "./charts.ts";

/** Pages of 64 KB: a render of everything is some 100 KB of JSON. */
const MEMORY = { initial: 64, maximum: 1_024 };
const ENTRYPOINT = "soma/render/faults";

/** What the rules of render.rego say of manifests. */
export async function loadRules(): Promise<(manifests: readonly Manifest[]) => string[]> {
  const wasm = await readFile(new URL("../rules/render.wasm", import.meta.url));
  const policy = await loadPolicy(Uint8Array.from(wasm).buffer, MEMORY);
  return (manifests) => (policy.evaluate(manifests, ENTRYPOINT) as { result: string[] }[])[0]?.result ?? ["no answer"];
}
