/** A process that lets the attacks be made in a sandbox, `run-escapes.ts LEVEL PYTHON JSON [NETWORK]`, and prints what became of them. */
import { text } from "node:stream/consumers";
import type { Network } from "@soma/sdk/define-tool";
import { createSilentLog } from "@soma/shared/log";
import type { SandboxLevel } from "../../domain/sandbox-level.ts";
import { openSandboxes } from "../sandboxes/open-sandboxes.ts";
import { type AsPython, pythonProgram } from "./python.ts";

const [, , level = "process", python = "", given = "", network = "none"] = process.argv;
const offer = (await openSandboxes("process", createSilentLog())).offers[level as SandboxLevel];
if ("missing" in offer) throw new Error(offer.missing);
const { child, stop } = offer.sandbox.start(
  pythonProgram(JSON.parse(python) as AsPython, "escapes.py", [given], network as Network),
);
child.stdin?.end();
child.stderr?.pipe(process.stderr);
if (child.stdout !== null) process.stdout.write(await text(child.stdout));
await stop("kill");
