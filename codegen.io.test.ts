import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const root = fileURLToPath(new URL("./", import.meta.url));
let folder: string;

/** This repository, of which codegen.ts and graphql/ may be changed. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-codegen-"));
  const own = ["codegen.ts", "graphql"];
  for (const name of readdirSync(root)) if (!own.includes(name)) symlinkSync(join(root, name), join(folder, name));
  for (const name of own) cpSync(join(root, name), join(folder, name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

it("codegen stops, and accepts no break, when the schema that has landed is not there", () => {
  const landed = join(folder, "graphql", "landed.graphql");
  rmSync(landed);
  expect(() => execFileSync(process.execPath, [join(folder, "codegen.ts"), "--check"], { stdio: "pipe" })).toThrow(
    `no such file or directory, open '${landed}'`,
  );
}, 60_000);
