import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

let folder: string;
let bootstrap: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-bootstrap-"));
  bootstrap = join(folder, "infra", "local", "bootstrap.mjs");
  mkdirSync(dirname(bootstrap), { recursive: true });
  cpSync(fileURLToPath(new URL("bootstrap.js", import.meta.url)), bootstrap);
  cpSync(fileURLToPath(new URL("../patches", import.meta.url)), join(folder, "infra", "patches"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

it("npm start -- --help tells the options before anything is installed", () => {
  const said = execFileSync(process.execPath, [bootstrap, "start", "--help"], { encoding: "utf8" });
  expect(said).toMatch(/--port N[\s\S]*--data DIR[\s\S]*npx soma --help/);
  expect(readdirSync(folder)).toEqual(["infra"]);
});

it("takes what somebody installed by hand when it is what the lock asks for, and nothing else", () => {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "node", "bin"), { recursive: true });
  symlinkSync(process.execPath, join(modules, "node", "bin", "node"));
  cpSync(join(fileURLToPath(new URL("../../node_modules", import.meta.url)), "postgres"), join(modules, "postgres"), {
    recursive: true,
  });
  writeFileSync(join(folder, "codegen.ts"), 'console.log("made");');
  const lists = (path: string, packages: Record<string, object>): void =>
    writeFileSync(join(folder, path), JSON.stringify({ packages }));
  const [postgres, windows] = [{ version: "3.4.9" }, { version: "1.0.0", optional: true }];
  lists("package-lock.json", { "": {}, "node_modules/postgres": postgres, "node_modules/for-windows": windows });
  // Without npm, so that an installation would fail.
  const codegen = () =>
    execFileSync(process.execPath, [bootstrap, "codegen"], { encoding: "utf8", env: { PATH: "" }, stdio: "pipe" });
  expect(codegen).toThrow("npm could not be started");
  lists("node_modules/.package-lock.json", { "node_modules/postgres": postgres });
  expect(codegen()).toBe("made\n");
  lists("node_modules/.package-lock.json", { "node_modules/postgres": { version: "3.4.8" } });
  expect(codegen).toThrow("npm could not be started");
});
