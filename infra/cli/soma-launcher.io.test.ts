import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const launcher = fileURLToPath(new URL("soma.js", import.meta.url));
/** Makes a process believe that it is an older Node; what it starts is not touched. */
const OLD = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.20.2' })";

function run(program: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", OLD, program, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("soma on an older Node", () => {
  it("goes on on the Node that npm installed, with its arguments and its exit code", async () => {
    expect(await run(launcher, "--version")).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    expect(await run(launcher, "frobnicate")).toMatchObject({ code: 2 });
  });

  it("says what to do where none is installed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "soma-cli-"));
    try {
      cpSync(launcher, join(folder, "soma.mjs"));
      const { code, stderr } = await run(join(folder, "soma.mjs"));
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/Node 24 is needed and this is 20\.20\.2; run `npm start`/),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
