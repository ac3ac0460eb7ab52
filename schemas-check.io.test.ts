import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("./", import.meta.url));
let folder: string;

/** The check and the schemas, which may be changed. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-schemas-"));
  for (const name of ["schemas-check.ts", "schemas", "package.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function check(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "schemas-check.ts"), ...args], {
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

function change(file: string, from: string, to: string): void {
  const path = join(folder, "schemas", file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe("npm run schemas:check", () => {
  it("passes, and keeps as released what fits", () => {
    expect(check()).toMatchObject({ status: 0, output: expect.stringMatching(/^schemas: \d+ event types fit, /) });
    change("agent.tools.v1.json", '"payload_size": {', '"retries": { "type": "integer" },\n    "payload_size": {');
    expect(check("--release").status).toBe(0);
    expect(readFileSync(join(folder, "schemas/released/agent.tools.v1.json"), "utf8")).toContain('"retries"');
  }, 60_000);

  it("fails, by schema, path and rule, at what breaks readers, and does not keep it as released", () => {
    change("agent.tools.v1.json", '"type": "number",\n      "minimum": 0', '"type": "number",\n      "minimum": 1');
    const { status, output } = check("--release");
    expect(status).toBe(1);
    expect(output).toContain(
      "agent.tools.v1: /tool_execution_ms: a limit became narrower (limit-narrowed); a new meaning is agent.tools.v2",
    );
    expect(readFileSync(join(folder, "schemas/released/agent.tools.v1.json"), "utf8")).toContain('"minimum": 0');
  }, 60_000);

  it("fails where nothing is kept as released", () => {
    rmSync(join(folder, "schemas/released"), { recursive: true });
    expect(check().status).toBe(1);
  }, 60_000);
});
