import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tryLock, withLock } from "./kernel-lock.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-lock-"));
  path = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

const module = fileURLToPath(new URL("kernel-lock.ts", import.meta.url));
const never = new AbortController().signal;

/** Another process that takes the lock and stays. */
async function takeElsewhere() {
  const program = `import { tryLock } from ${JSON.stringify(module)};
    globalThis.lock = tryLock(${JSON.stringify(path)});
    console.log(globalThis.lock === undefined ? "busy" : "taken"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  expect(String(said).trim()).toBe("taken");
  return child;
}

describe("tryLock()", () => {
  it("gives a lock to one at a time, in one process too, on a file for this user alone", () => {
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(tryLock(path)).toBeUndefined();
    expect(tryLock(path), "looking at it did not let it go").toBeUndefined();
    lock?.release();
    const next = tryLock(path);
    expect(next).toBeDefined();
    next?.release();
  });

  it("is busy while another process has it, and free when that one was killed", async () => {
    const child = await takeElsewhere();
    expect(tryLock(path)).toBeUndefined();
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it("says when there is no place for a lock", () => {
    expect(() => tryLock(join(folder, "missing", "lock"))).toThrow(/unable to open/);
  });
});

describe("withLock()", () => {
  it("lets work in one after the other, and goes on after work that failed", async () => {
    let inside = 0;
    const seen: number[] = [];
    const work = (i: number) =>
      withLock(path, never, async () => {
        inside += 1;
        seen.push(inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        if (i === 3) throw new Error("work failed");
        return i;
      });
    const ended = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => work(i)));
    expect(ended.map(({ status }) => status).filter((status) => status === "rejected")).toHaveLength(1);
    expect(seen).toEqual(Array(8).fill(1));
  });

  it("waits for another process no longer than it is told to", async () => {
    const child = await takeElsewhere();
    const waiting = withLock(path, never, async () => "mine");
    await expect(withLock(path, AbortSignal.timeout(50), async () => "never")).rejects.toThrow();
    child.kill("SIGKILL");
    expect(await waiting).toBe("mine");
    await expect(withLock(path, AbortSignal.abort(), async () => "never")).rejects.toThrow();
  });
});
