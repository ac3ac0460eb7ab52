import { execFile, execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "./log.ts";
import { openDestination } from "./log-destination.ts";
import { registry } from "./metrics.ts";
import { onLinux } from "./testing/on-linux.ts";
import { until } from "./testing/until.ts";

const FULL = "/dev/full";
const shared = new URL(".", import.meta.url);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function count(name: string): Promise<number> {
  const values = await registry.getSingleMetric(name)?.get();
  return values?.values[0]?.value ?? 0;
}

/** Runs a program that logs, in a process of its own, so that its death is what is looked at. */
function tell(program: string, stdout: "pipe" | number) {
  const imports = `import { createLog } from ${JSON.stringify(new URL("log.ts", shared).href)};
    import { openDestination } from ${JSON.stringify(new URL("log-destination.ts", shared).href)};
    import { onCrash } from ${JSON.stringify(new URL("run-main.ts", shared).href)};`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", imports + program], {
    stdio: ["ignore", stdout, "pipe"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on("exit", (code) => resolve({ code, stderr })),
  );
  return { child, ended };
}

describe("openDestination()", () => {
  it("writes lines in their order, also those that come while others are written, and the last ones at the end", () => {
    const path = join(folder, "log");
    const fd = openSync(path, "a");
    const destination = openDestination(fd);
    const lines = Array.from({ length: 2_000 }, (_, i) => `line ${i} ä\n`);
    for (const line of lines) destination.write(line);
    destination.flushSync();
    // The first one is in the hands of the system when the rest is written.
    const [begun, ...rest] = lines;
    return until("every line is there", () => readFileSync(path, "utf8").length === lines.join("").length).then(() => {
      expect(readFileSync(path, "utf8").replace(begun as string, "")).toBe(rest.join(""));
      closeSync(fd);
    });
  });

  it.skipIf(process.platform !== "linux")(
    onLinux("keeps a bounded number of lines at a full disk, and counts the rest"),
    async () => {
      const fd = openSync(FULL, "a");
      const before = await count("soma_log_lost_lines_total");
      const destination = openDestination(fd);
      const line = `${"x".repeat(1_048_575)}\n`;
      for (let i = 0; i < 6; i += 1) destination.write(line);
      expect((await count("soma_log_lost_lines_total")) - before).toBe(2);
      await until("the fault is counted", async () => (await count("soma_log_write_failures_total")) > 0);
      destination.flushSync();
    },
  );

  it.skipIf(process.platform !== "linux")(
    onLinux("neither ends a process whose disk is full, nor keeps it from ending, whatever it logs last"),
    async () => {
      const fd = openSync(FULL, "a");
      const program = `const log = createLog({ level: "info", service: "t" });
        setInterval(() => log.info("again"), 20);
        onCrash(log, async () => {});
        setTimeout(() => { throw new Error("the end"); }, 900);`;
      const { ended } = tell(program, fd);
      expect(await ended).toEqual({ code: 1, stderr: "" });
      closeSync(fd);
    },
  );

  it("does not end a process whose output nobody reads any more", async () => {
    const { child, ended } = tell(
      `const log = createLog({ level: "info", service: "t" });
       log.info("first");
       setTimeout(() => log.info("second"), 300);
       setTimeout(() => log.info("third"), 600);
       setTimeout(() => process.exit(7), 900);`,
      "pipe",
    );
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await ended).toEqual({ code: 7, stderr: "" });
  });

  it("keeps pace with a pipe that is read slower than it is written", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const destination = openDestination(fd);
    const lines = Array.from({ length: 3_000 }, (_, i) => `${i} ${"x".repeat(1_000)}\n`).join("");
    for (const line of lines.match(/.+\n/g) ?? []) destination.write(line);
    const chunk = Buffer.alloc(65_536);
    let seen = "";
    await until("all is read", () => {
      try {
        seen += chunk.toString("utf8", 0, readSync(reader, chunk));
      } catch (error) {
        expect(error).toMatchObject({ code: "EAGAIN" });
      }
      return seen.length >= lines.length;
    });
    expect(seen).toBe(lines);
    closeSync(fd);
    closeSync(reader);
  });

  it("goes on where it was when lines can be written again", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const firstReader = openSync(path, "r+");
    const fd = openSync(path, "a");
    closeSync(firstReader);
    const log = createLog({ level: "info", service: "t", destination: openDestination(fd) });
    const before = await count("soma_log_write_failures_total");
    log.info("while nobody reads");
    await until("the fault is counted", async () => (await count("soma_log_write_failures_total")) > before);
    log.info("afterwards");
    const read = await promisify(execFile)("head", ["-n", "2", path]);
    expect(read.stdout).toMatch(/while nobody reads.*\n.*afterwards.*\n$/);
    closeSync(fd);
  });
});
