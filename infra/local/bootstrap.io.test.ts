import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

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

describe("an installation", () => {
  const [postgres, windows] = [{ version: "3.4.9" }, { version: "1.0.0", optional: true }];
  const lists = (path: string, packages: Record<string, object>): void =>
    writeFileSync(join(folder, path), JSON.stringify({ packages }));
  /** Without npm, so that an installation would fail. */
  const codegen = () =>
    execFileSync(process.execPath, [bootstrap, "codegen"], { encoding: "utf8", env: { PATH: "" }, stdio: "pipe" });

  beforeEach(() => {
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "node", "bin"), { recursive: true });
    symlinkSync(process.execPath, join(modules, "node", "bin", "node"));
    cpSync(join(fileURLToPath(new URL("../../node_modules", import.meta.url)), "postgres"), join(modules, "postgres"), {
      recursive: true,
    });
    writeFileSync(join(folder, "codegen.ts"), 'console.log("made");');
    lists("package-lock.json", { "": {}, "node_modules/postgres": postgres, "node_modules/for-windows": windows });
  });

  it("is taken when it is what the lock asks for, whoever made it, and nothing else is", () => {
    expect(codegen).toThrow("npm could not be started");
    lists("node_modules/.package-lock.json", { "node_modules/postgres": postgres });
    expect(codegen()).toBe("made\n");
    lists("node_modules/.package-lock.json", { "node_modules/postgres": { version: "3.4.8" } });
    expect(codegen).toThrow("npm could not be started");
  });

  it("that was changed by hand is made again, whatever was noted of an earlier one", () => {
    const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
    mkdirSync(join(folder, "node_modules", ".soma"));
    writeFileSync(join(folder, "node_modules", ".soma", "installed"), hash("sha256", `package-lock.json${lock}`));
    lists("node_modules/.package-lock.json", { "node_modules/postgres": { version: "3.4.8" } });
    expect(codegen).toThrow("npm could not be started");
    lists("node_modules/.package-lock.json", { "node_modules/postgres": postgres });
    expect(codegen()).toBe("made\n");
    rmSync(join(folder, "node_modules", "node"), { recursive: true });
    expect(codegen).toThrow("npm could not be started");
  });
});
