import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("soma.ts", import.meta.url));
const nowhere = mkdtempSync(`${tmpdir()}/soma-cli-`);
afterAll(() => rmSync(nowhere, { recursive: true }));

/** The command in a place where no product is. */
function soma(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env.PATH ?? "", SOMA_DATA_DIR: nowhere };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: nowhere, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("soma --json", () => {
  it.each([
    [["--json"], "say which command; soma --help lists them"],
    [["frobnicate", "--json"], "unknown command 'frobnicate'"],
    [["--json", "ask", "--bogus", "hello"], "unknown option '--bogus'"],
    [["--port", "abc", "runs", "list", "--json"], "it must be a port number"],
    [["runs", "show", "--json"], "missing required argument 'run'"],
  ])("prints one value for the wrong use %j, and nothing else", async (args, message) => {
    const { code, stdout, stderr } = await soma(...args);
    expect([code, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toEqual({ error: { code: "BAD_INPUT", message: expect.stringContaining(message) } });
  });

  it("prints one value for help, for the version, and when no product is there", async () => {
    expect(JSON.parse((await soma("--version", "--json")).stdout)).toEqual({ text: "0.1.0" });
    expect(JSON.parse((await soma("--json", "runs", "--help")).stdout).text).toMatch(/^Usage: soma runs/);
    const { code, stdout } = await soma("--json", "runs", "list");
    expect([code, JSON.parse(stdout)]).toMatchObject([3, { error: { code: "NOT_FOUND" } }]);
  });

  it("is text to ask after --", async () => {
    const { stderr } = await soma("ask", "--", "--json");
    expect(stderr).toMatch(/^soma: no running product was found/);
  });
});

describe("soma doctor", () => {
  it("ends with 3 when the product cannot be reached, and says all the same what is there", async () => {
    const { code, stdout } = await soma("doctor", "--json");
    expect(code).toBe(3);
    const findings = JSON.parse(stdout) as { what: string; ok: boolean }[];
    expect(findings.map(({ what, ok }) => [what, ok])).toEqual([
      ["Node", true],
      ["Data", false],
      ["Product", false],
      ["Next start", true],
    ]);
  });
});

describe("soma ask", () => {
  it("says by Ctrl-C that the run may have begun, when nobody has answered yet", async () => {
    const asked = Promise.withResolvers<void>();
    const server = createServer(() => asked.resolve());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { PATH: process.env.PATH ?? "", SOMA_DATA_DIR: nowhere, SOMA_URL: url, SOMA_TOKEN: "t" };
    const child = spawn(process.execPath, [program, "ask", "hello", "--json"], { cwd: nowhere, env });
    let stdout = "";
    child.stdout.on("data", (text) => (stdout += String(text)));
    await asked.promise;
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: "CANCELED", message: expect.stringContaining("runs list` shows it if it has") },
      idempotencyKey: expect.any(String),
    });
    server.closeAllConnections();
    server.close();
  });
});
