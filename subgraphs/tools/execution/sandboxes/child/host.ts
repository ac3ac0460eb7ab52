/**
 * The program of a child process, called with a module and the name of its export that runs a tool: reads a job from stdin, runs the tool, writes
 * output and the end to stdout. It does not end by itself: whoever started it kills it. When stdin ends, that one is gone, and
 * the child kills itself; a tool that never gives way keeps it from seeing that, so a guard watches too.
 */
import { writeSync } from "node:fs";
import type { Tool } from "@soma/sdk/define-tool";
import type { ChildJob, ChildMessage } from "./protocol.ts";

/** Characters of output in one message, so that no line grows beyond what the reader takes. */
const PART = 65_536;

void work(readJob());

function readJob(): Promise<ChildJob> {
  return new Promise((resolve) => {
    let text = "";
    process.stdin.setEncoding("utf8").on("data", (part: string) => {
      if (text.includes("\n")) return;
      text += part;
      if (text.includes("\n")) resolve(JSON.parse(text) as ChildJob);
    });
    const die = (): void => void process.kill(process.pid, "SIGKILL");
    process.stdin.on("end", die).on("error", die);
  });
}

/** The tool is loaded while the job is still on its way. */
async function work(job: Promise<ChildJob>): Promise<void> {
  try {
    const tool = await load(process.argv[2] ?? "", process.argv[3] ?? "");
    const { args, context } = await job;
    const signal = new AbortController().signal;
    const result = await tool.run(args, { ...context, signal, emit, now: () => new Date() });
    if (result !== undefined) emit(result);
    send({ end: { ok: true } });
  } catch (error) {
    const type = error instanceof Error && "type" in error && typeof error.type === "string" ? error.type : "internal";
    send({ end: { ok: false, type, message: error instanceof Error ? error.message : String(error) } });
  }
}

async function load(module: string, name: string): Promise<Pick<Tool, "run">> {
  const exports = (await import(module)) as Record<string, Pick<Tool, "run"> | undefined>;
  const tool = exports[name];
  if (typeof tool?.run !== "function") throw new Error(`${module} has no export ${name} that can be run`);
  return tool;
}

function emit(text: string): void {
  for (let from = 0; from < text.length; from += PART) send({ out: text.slice(from, from + PART) });
}

/** Written at once, so that output leaves even while the tool never gives way; a full pipe makes the tool wait for its reader. */
function send(message: ChildMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(1, bytes, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}
