import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeDataDir, writeRuntime } from "./runtime-file.ts";

let place: string;
let dataDir: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "soma-folder-"));
  dataDir = join(place, ".soma");
});
afterEach(() => rmSync(place, { recursive: true }));

const module = fileURLToPath(new URL("runtime-file.ts", import.meta.url));

/** Another process that takes the folder and stays. */
async function takeElsewhere() {
  const program = `import { takeDataDir } from ${JSON.stringify(module)};
    await takeDataDir(${JSON.stringify(dataDir)}); console.log("taken"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("takeDataDir()", () => {
  it("makes a folder that is closed to others, and leaves one that is there as it is", async () => {
    await (await takeDataDir(dataDir)).release();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    chmodSync(dataDir, 0o750);
    await (await takeDataDir(dataDir)).release();
    expect(statSync(dataDir).mode & 0o777).toBe(0o750);
  });

  it("refuses a folder that another process has, names it, and takes it when that one was killed", async () => {
    const child = await takeElsewhere();
    await writeRuntime(dataDir, { pid: child.pid ?? 0, url: "http://127.0.0.1:4700", startedAt: "" }, { token: "t" });
    await expect(takeDataDir(dataDir)).rejects.toThrow(
      `soma is running already on ${dataDir} (process ${child.pid}, http://127.0.0.1:4700); use it, stop it`,
    );
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    const { release } = await takeDataDir(dataDir);
    expect(readFileSync(join(dataDir, "pid"), "utf8")).toBe(`${process.pid}\n`);
    await release();
    expect(readdirSync(dataDir)).not.toContain("pid");
  });

  it("is not kept out by a living stranger that has the number of a dead owner", async () => {
    await (await takeDataDir(dataDir)).release();
    writeFileSync(join(dataDir, "pid"), `${process.ppid}\n`);
    const { release } = await takeDataDir(dataDir);
    await release();
  });

  it("lets one of ten that come at once have it", async () => {
    const taken = await Promise.allSettled(Array.from({ length: 10 }, () => takeDataDir(dataDir)));
    const won = taken.filter((result) => result.status === "fulfilled");
    expect(won).toHaveLength(1);
    await won[0]?.value.release();
  });

  it("says what a folder must be like that cannot be locked", async () => {
    mkdirSync(join(dataDir, "lock"), { recursive: true });
    await expect(takeDataDir(dataDir)).rejects.toThrow("cannot be locked");
  });
});

describe("writeRuntime()", () => {
  it("replaces both files whole, the token for its owner alone", async () => {
    const { release } = await takeDataDir(dataDir);
    writeFileSync(join(dataDir, "credentials.json.new"), "left by a start that was killed", { mode: 0o644 });
    for (const pid of [1, 2]) await writeRuntime(dataDir, { pid, url: "u", startedAt: "s" }, { token: `t${pid}` });
    expect(readFileSync(join(dataDir, "runtime.json"), "utf8")).toBe('{"pid":2,"url":"u","startedAt":"s"}\n');
    expect(readFileSync(join(dataDir, "credentials.json"), "utf8")).toBe('{"token":"t2"}\n');
    expect(statSync(join(dataDir, "credentials.json")).mode & 0o777).toBe(0o600);
    await release();
    expect(readdirSync(dataDir).sort()).toEqual(["credentials.json", "lock", "runtime.json"]);
  });
});
