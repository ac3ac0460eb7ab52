import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const SHARED = new URL("../subgraphs/shared/", import.meta.url);
const IMPORT = /^\s*(?:import|export)\s(?!type\b)[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|import\("([^"]+)"\)/gm;

/** Everything a file needs at run time, as specifiers and as files of ours. */
async function importsOf(file: URL, seen: Map<string, string[]>): Promise<void> {
  if (seen.has(file.href)) return;
  const text = await readFile(file, "utf8");
  const specifiers = [...text.matchAll(IMPORT)].map(([, a, b, c]) => a ?? b ?? c ?? "");
  seen.set(file.href, specifiers);
  for (const specifier of specifiers) {
    if (specifier.startsWith(".")) await importsOf(new URL(specifier, file), seen);
    if (specifier.startsWith("@soma/shared/")) await importsOf(new URL(`${specifier.slice(13)}.ts`, SHARED), seen);
  }
}

describe("the gateway's core", () => {
  it("needs no Node built-in and no package that does, so that any runtime with web standards can host it", async () => {
    const seen = new Map<string, string[]>();
    for (const file of ["./app.ts", "./ground/dev-identity.ts"]) await importsOf(new URL(file, import.meta.url), seen);
    expect(seen.size).toBeGreaterThan(15);
    const packages = new Set(
      [...seen.values()].flat().filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("@soma/")),
    );
    expect([...packages].sort()).toEqual(
      [
        "@apollo/federation-internals",
        "@apollo/gateway",
        "@apollo/query-planner",
        "@opentelemetry/api",
        "graphql",
        "graphql-ws",
        "jose",
        "lru-cache",
      ].sort(),
    );
  });

  it("turns the vendor's telemetry off before its packages load", async () => {
    const text = await readFile(new URL("./upstream/supergraph.ts", import.meta.url), "utf8");
    expect(text.startsWith('import "./no-telemetry.ts";')).toBe(true);
    delete process.env.APOLLO_TELEMETRY_DISABLED;
    await import("./upstream/supergraph.ts");
    expect(process.env.APOLLO_TELEMETRY_DISABLED).toBe("true");
  });
});
