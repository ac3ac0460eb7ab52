import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("npm start -- --help tells the options before anything is installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "soma-bootstrap-"));
  try {
    mkdirSync(join(folder, "infra", "local"), { recursive: true });
    const bootstrap = join(folder, "infra", "local", "bootstrap.mjs");
    cpSync(fileURLToPath(new URL("bootstrap.js", import.meta.url)), bootstrap);
    cpSync(fileURLToPath(new URL("../patches", import.meta.url)), join(folder, "infra", "patches"), {
      recursive: true,
    });
    const said = execFileSync(process.execPath, [bootstrap, "start", "--help"], { encoding: "utf8" });
    expect(said).toMatch(/--port N[\s\S]*--data DIR[\s\S]*npx soma --help/);
    expect(readdirSync(folder)).toEqual(["infra"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
