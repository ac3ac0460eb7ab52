import { execFileSync, fork } from "node:child_process";
import { existsSync, openAsBlob, readdirSync, readFileSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { writeHeapSnapshot } from "node:v8";
import { WASI } from "node:wasi";
import { Worker } from "node:worker_threads";
import { defineTool } from "@soma/sdk/define-tool";
import { Type } from "typebox";

type Attempt = () => unknown;

/** What code that broke out of QuickJS would try next, from inside a child process. */
const ATTEMPTS: Record<string, Attempt> = {
  readPasswd: () => readFileSync("/etc/passwd"),
  readEnvironment: () => readFileSync("/proc/self/environ"),
  readConfig: () => readFileSync(new URL("../../config.ts", import.meta.url)),
  readAsBlob: () => openAsBlob("/etc/passwd"),
  askExists: () => existsSync("/etc/passwd"),
  askDisk: () => statfsSync("/"),
  list: () => readdirSync("/"),
  write: () => writeFileSync("/tmp/intruder", "x"),
  link: () => symlinkSync("/etc/passwd", "/tmp/intruder"),
  report: () => process.report.writeReport("/tmp/intruder"),
  heapSnapshot: () => writeHeapSnapshot("/tmp/intruder"),
  database: async () => new (await import("node:sqlite" as string)).DatabaseSync("/tmp/intruder"),
  run: () => execFileSync("/bin/true"),
  fork: () => fork("/tmp/intruder"),
  replace: () => process.execve?.("/bin/true", [], {}),
  worker: () => new Worker("1", { eval: true, execArgv: [] }),
  loader: () => register("data:text/javascript,"),
  wasi: () => new WASI({ version: "preview1", preopens: { "/": "/" } }),
  inspector: async () => (await import("node:inspector")).open(0),
  native: () => process.dlopen({ exports: {} }, "/nowhere.node"),
};

/** Makes each attempt and tells how it ended, with the names in the environment and whether a secret is on the command line. */
export default defineTool({
  name: "intruder",
  version: "1",
  description: "for tests",
  input: Type.Object({}),
  risk: "high",
  effect: "pure",
  isolation: "process",
  timeoutMs: 20_000,
  maxOutputBytes: 10_000,
  child: {
    url: import.meta.url,
    name: "default",
    allowRead: [fileURLToPath(import.meta.url)],
    nodeFlags: [],
  },
  async run() {
    const ends: Record<string, string> = {};
    for (const [name, attempt] of Object.entries(ATTEMPTS)) ends[name] = await endOf(attempt);
    return JSON.stringify({
      ends,
      environment: Object.keys(process.env),
      commandLine: [...process.argv, ...process.execArgv],
    });
  },
});

async function endOf(attempt: Attempt): Promise<string> {
  try {
    await attempt();
    return "done";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
