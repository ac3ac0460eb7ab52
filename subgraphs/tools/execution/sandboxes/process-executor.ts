import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tool } from "@soma/sdk/define-tool";
import { clip } from "@soma/shared/json";
import type { Outcome } from "../../domain/invocation.ts";
import type { ChildJob, ChildMessage } from "./child/protocol.ts";
import type { Guard } from "./guard.ts";
import type { Program, Sandbox } from "./sandbox.ts";
import type { Execution, ToolExecutor } from "./tool-executor.ts";

const HOST = fileURLToPath(new URL("./child/host.ts", import.meta.url));
const HOST_FOLDER = dirname(HOST);
const PACKAGE_JSON = fileURLToPath(new URL("../../package.json", import.meta.url));
/** What a tool is made with: where it lies, and the links through which its name is found. */
const MADE_WITH = [
  dirname(fileURLToPath(import.meta.resolve("@soma/sdk/define-tool"))),
  ...linksTo("@soma/sdk", "typebox"),
];
/** A message of the child is far shorter; a longer one means that it no longer speaks our protocol. */
const MAX_LINE = 1_048_576;
const MAX_STDERR = 4_096;

/**
 * Runs a tool in a Node process of its own in a sandbox. Whatever the sandbox keeps out, Node's permissions are one more wall: no file
 * but its own code, no child processes, no threads. A guard kills it when this process is gone.
 */
export function createProcessExecutor(guard: Guard, sandbox: Sandbox): ToolExecutor {
  return {
    async execute(execution: Execution): Promise<Outcome> {
      if (execution.signal.aborted) return { kind: "CANCELED" };
      const { child, stop } = sandbox.start(programOf(execution.tool));
      // A child that is not watched yet has no work yet either, and ends by itself with its stdin.
      const forget = child.pid === undefined ? undefined : guard.watch(child.pid);
      let outcome: Outcome | undefined;
      try {
        outcome = await follow(child, execution);
        return outcome;
      } finally {
        await stop(outcome?.kind === "TIMEOUT" || outcome?.kind === "CANCELED" ? "ask" : "kill");
        forget?.();
      }
    },
  };
}

/** Folders of packages as the module loader looks for them, from this file upwards. */
function linksTo(...names: readonly string[]): string[] {
  const folders = createRequire(import.meta.url).resolve.paths("a-package") ?? [];
  return folders.flatMap((folder) => names.map((name) => `${folder}/${name}`)).filter((folder) => existsSync(folder));
}

function programOf(tool: Tool): Program {
  if (tool.child === undefined) throw new Error(`tool ${tool.name} does not say where a child process finds it`);
  const readable = [
    `${HOST_FOLDER}/*`,
    PACKAGE_JSON,
    ...MADE_WITH.map((folder) => `${folder}/*`),
    ...tool.child.allowRead,
  ];
  const reads = readable.map((path) => `--allow-fs-read=${path}`);
  // Worker threads are not allowed: one that names its own flags is not bound by ours. node:sqlite opens files past the permissions.
  const flags = ["--permission", "--no-experimental-sqlite", ...reads, ...tool.child.nodeFlags];
  const args = [...flags, HOST, tool.child.url, tool.child.name];
  return { file: process.execPath, args, readable, network: tool.network ?? "none" };
}

function follow(
  child: ChildProcess,
  { tool, args, context, timeoutMs, signal, onOutput, log }: Execution,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const cancel = (): void => settle({ kind: "CANCELED" });
    const timer = setTimeout(() => settle({ kind: "TIMEOUT", limitMs: timeoutMs }), timeoutMs);
    signal.addEventListener("abort", cancel, { once: true });
    let settled = false;
    function settle(outcome: Outcome): void {
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      resolve(outcome);
    }

    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = clip(stderr + text, MAX_STDERR);
    });
    readLines(child, (line) => {
      if (settled) return;
      const message = parseMessage(line);
      if (message === undefined) settle(crashed("it no longer spoke its protocol"));
      else if ("out" in message) {
        if (!onOutput(message.out)) settle({ kind: "TRUNCATED" });
      } else
        settle(
          message.end.ok ? { kind: "OK" } : { kind: "ERROR", type: message.end.type, message: message.end.message },
        );
    });
    child.on("error", (error) => settle(crashed(`it could not be started: ${error.message}`)));
    child.on("close", (code, killedBy) => {
      if (settled) return;
      log.warn({ tool: tool.name, code, killedBy, stderr }, "the child process of a tool ended without an answer");
      settle(crashed(killedBy === null ? `it ended with code ${code}` : `it was ended by ${killedBy}`));
    });
    // The pipe breaks when the child dies early; its end is seen above.
    child.stdin?.on("error", () => {});
    const job: ChildJob = { args, context };
    child.stdin?.write(`${JSON.stringify(job)}\n`);
  });
}

function crashed(why: string): Outcome {
  return { kind: "ERROR", type: "crashed", message: `the tool's process gave no answer: ${why}` };
}

function readLines(child: ChildProcess, onLine: (line: string | undefined) => void): void {
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE) onLine(undefined);
  });
}

function parseMessage(line: string | undefined): ChildMessage | undefined {
  try {
    return line === undefined ? undefined : (JSON.parse(line) as ChildMessage);
  } catch {
    return undefined;
  }
}
