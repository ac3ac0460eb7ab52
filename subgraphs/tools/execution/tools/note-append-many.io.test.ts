import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const APPEND_NOTES = fileURLToPath(new URL("../testing/append-notes.ts", import.meta.url));

describe("note_append in processes that share a data folder", { timeout: 60_000 }, () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "soma-notes-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const texts = async () =>
    (await readFile(join(dataDir, "notes/acme/notes.md"), "utf8").catch(() => ""))
      .split("\n")
      .slice(0, -1)
      .map((line) => line.replace(/ <!-- key:[0-9a-f]{32} -->$/, ""));
  const start = (first: number, count = Number.POSITIVE_INFINITY, name = "note"): ChildProcess =>
    spawn(process.execPath, [APPEND_NOTES, dataDir, `${first}`, `${count}`, name], {
      stdio: ["ignore", "pipe", "inherit"],
    });

  /** What a process printed, once it has ended. */
  async function printed(child: ChildProcess): Promise<string[]> {
    let all = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      all += text;
    });
    await new Promise((resolve) => child.once("close", resolve));
    return all.split("\n").filter((line) => line !== "");
  }
  const printedFirst = (child: ChildProcess) =>
    new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));

  it("keeps every note of two that write one file at once, once and each in its order", async () => {
    const ended = await Promise.all([printed(start(0, 200, "left")), printed(start(0, 200, "right"))]);
    for (const lines of ended) expect(lines).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`));
    const all = await texts();
    expect(all).toHaveLength(400);
    for (const name of ["left", "right"])
      expect(all.filter((line) => line.startsWith(`- ${name} `))).toEqual(
        Array.from({ length: 200 }, (_, i) => `- ${name} ${i}`),
      );
  });

  it("loses nothing that was acknowledged when one of two is killed, and goes on in the other", async () => {
    const survivor = start(0, 150, "left");
    const kept = printed(survivor);
    for (let kill = 0; kill < 5; kill += 1) {
      const victim = start(kill * 1_000, Number.POSITIVE_INFINITY, "right");
      const acknowledged = printed(victim);
      await printedFirst(victim);
      await delay(Math.random() * 40);
      victim.kill("SIGKILL");
      const lines = await acknowledged;
      const all = await texts();
      for (const i of lines) expect(all.filter((line) => line === `- right ${i}`)).toHaveLength(1);
    }
    await kept;
    expect((await texts()).filter((line) => line.startsWith("- left "))).toHaveLength(150);
  });

  it("keeps the old notes whole when the disk takes only half of a write, and takes the next ones when there is room", async () => {
    // A limit of the kernel on the size of a file cuts a write in the middle, as a full disk does.
    const narrow = spawn("sh", ["-c", `ulimit -f 8; exec "$0" "$@"`, process.execPath, APPEND_NOTES, dataDir, "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = await printed(narrow);
    expect(lines.at(-1)).toBe("EFBIG");
    const kept = lines.length - 1;
    expect(kept).toBeGreaterThan(10);
    expect(await texts()).toEqual(Array.from({ length: kept }, (_, i) => `- note ${i}`));
    expect(await printed(start(kept, 3))).toEqual([kept, kept + 1, kept + 2].map(String));
    expect(await texts()).toEqual(Array.from({ length: kept + 3 }, (_, i) => `- note ${i}`));
  });

  it("appends exactly once when its process is killed at any point and it is called again", {
    timeout: 60_000,
  }, async () => {
    let kept = 0;
    let kills = 0;
    while (kills < 30) {
      const child = spawn(process.execPath, [APPEND_NOTES, dataDir, String(kept)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let printed = "";
      const begun = new Promise<void>((resolve) => {
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          printed += text;
          resolve();
        });
      });
      await begun;
      // A point anywhere in the few milliseconds one append takes.
      await delay(Math.random() * 12);
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("close", resolve));
      kills += 1;
      kept = Number(printed.trim().split("\n").at(-1)) + 1;
      const lines = await texts();
      const expected = Array.from({ length: lines.length }, (_, i) => `- note ${i}`);
      expect(lines).toEqual(expected);
      expect([kept, kept + 1]).toContain(lines.length);
    }
    expect(kept).toBeGreaterThanOrEqual(30);
  });
});
