import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineTool } from "@soma/sdk/define-tool";
import { Type } from "typebox";

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 120_000;
const IN_CHILD = new URL("./code-run/in-child.ts", import.meta.url);

/**
 * JavaScript in QuickJS inside a child process: two walls. The inner one has no host at all besides print and sleep; the
 * outer one has no files, no environment and no child processes.
 */
export default defineTool({
  name: "code_run",
  version: "1",
  description:
    "Runs JavaScript and gives what it prints. console.log and print write output as it happens, await sleep(ms) waits, and the value of the last expression (or what the code returns) is printed at the end. There is no network, no file system, no require, no import. 64 MB of memory.",
  input: Type.Object(
    {
      code: Type.String({
        minLength: 1,
        maxLength: 50_000,
        description: "JavaScript (ES2023); await works at the top level",
      }),
      timeoutMs: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MAX_TIMEOUT_MS,
          description: `milliseconds the code may take, ${DEFAULT_TIMEOUT_MS} when left out`,
        }),
      ),
    },
    { additionalProperties: false },
  ),
  risk: "high",
  effect: "pure",
  isolation: "process",
  timeoutMs: MAX_TIMEOUT_MS,
  maxOutputBytes: 262_144,
  timeoutOf: (args) => args.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  child: {
    // Not this module: its schema is made with typebox, whose 373 files take a child 200 ms to load.
    url: IN_CHILD.href,
    name: "default",
    allowRead: [fileURLToPath(new URL("./*", IN_CHILD)), ...quickjsFiles()],
    // Deep recursion in QuickJS uses the native stack about fifteen times as fast as its own; this leaves it room below the usual 8 MB.
    nodeFlags: ["--max-old-space-size=96", "--stack-size=3900"],
  },
  async run(args, context) {
    const { default: inChild } = await import("./code-run/in-child.ts");
    return inChild.run(args, context);
  },
});

/** The packages of QuickJS, which stand beside each other in one folder or below one another. */
function quickjsFiles(): string[] {
  const first = dirname(dirname(createRequire(import.meta.url).resolve("quickjs-emscripten")));
  const beside = dirname(first);
  return [`${first}/*`, `${beside}/quickjs-emscripten-core/*`, `${beside}/@jitl/*`];
}
