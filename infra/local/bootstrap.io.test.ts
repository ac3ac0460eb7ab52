import { execFileSync, spawn, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@soma/shared/testing/until";
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

it.each(["port", "data"])(
  "npm start --%s=X is refused, because npm keeps it for itself, and says how it is meant",
  (option) => {
    const env = { ...process.env, [`npm_config_${option}`]: "X" };
    const start = (...args: string[]) =>
      spawnSync(process.execPath, [bootstrap, "start", ...args], { encoding: "utf8", env: { ...env, PATH: "" } })
        .stderr;
    expect(start()).toContain(`npm start -- --${option} ...`);
    expect(start(`--${option}`, "Y")).not.toContain("npm kept");
  },
);

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

  it.each(["npm ci", "the product"])("is stopped with the shell that npm put between them: %s", async (what) => {
    const said = join(folder, "said");
    const program = `const { writeFileSync } = require("node:fs");
      setInterval(() => {}, 1_000);
      process.once("SIGTERM", () => { writeFileSync(${JSON.stringify(said)}, "stops"); process.exit(0); });
      writeFileSync(${JSON.stringify(said)}, "runs");`;
    writeFileSync(join(folder, "infra", "local", "up.ts"), program);
    writeFileSync(join(folder, "npm"), `#!${process.execPath}\n${program}`, { mode: 0o755 });
    if (what === "the product") lists("node_modules/.package-lock.json", { "node_modules/postgres": postgres });
    const env = { PATH: `${folder}:${process.env.PATH}`, npm_lifecycle_event: "start" };
    const shell = spawn("/bin/sh", ["-c", `"${process.execPath}" "${bootstrap}" start; :`], { env, stdio: "ignore" });
    const isSaid = (text: string) => () => existsSync(said) && readFileSync(said, "utf8") === text;
    await until("it runs", isSaid("runs"));
    shell.kill("SIGTERM");
    await until("it is stopped", isSaid("stops"));
  });
});
