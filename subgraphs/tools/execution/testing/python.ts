import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findTestProgram } from "@soma/local/test-programs";
import type { Network } from "@soma/sdk/define-tool";
import type { Program } from "../sandboxes/sandbox.ts";

/** Where a Python lies, and its libraries. */
export interface AsPython {
  file: string;
  readable: readonly string[];
}

const ASK = "import json, sys; print(json.dumps([sys.executable, sys.base_prefix]))";

/** A Python for programs that call the kernel as no JavaScript can; undefined where there is none. */
export async function findPython(): Promise<AsPython | undefined> {
  const program = await findTestProgram({ names: ["python3"], debian: "python3" });
  if (program === undefined) return undefined;
  const { stdout } = await promisify(execFile)(program, ["-c", ASK]);
  const [file = "", prefix = ""] = JSON.parse(stdout) as string[];
  return { file, readable: [`${prefix}/lib/*`] };
}

/** A program of this folder. */
export function pythonProgram(
  python: AsPython,
  name: string,
  args: readonly string[] = [],
  network: Network = "none",
): Program {
  const file = fileURLToPath(new URL(name, import.meta.url));
  return { file: python.file, args: [file, ...args], readable: [...python.readable, file], network };
}
