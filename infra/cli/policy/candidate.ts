import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Evaluator, loadEvaluator } from "@soma/schemas/verdict/evaluator";
import { toBytes } from "@soma/schemas/verdict/verdict-lines";
import { askProgram } from "../ask-program.ts";
import { CliError, EXIT } from "../cli-error.ts";

/** The installation's own program: it asks OPA. It prints one JSON object {report} or {error}. */
const PROGRAM = fileURLToPath(new URL("../../../conf/policies/build.ts", import.meta.url));

/** A policy that somebody wrote: a folder of .rego files, which OPA compiles, or of a tools.wasm alone. */
export async function loadCandidate(folder: string, program: string = PROGRAM): Promise<Evaluator> {
  const evaluator = await loadEvaluator(await compile(resolve(folder), program));
  if (evaluator.fault === undefined) return evaluator;
  throw new CliError(`the policy of ${folder} cannot be loaded: ${messageOf(evaluator.fault)}`, {
    code: "POLICY_BROKEN",
    cause: evaluator.fault,
  });
}

async function compile(folder: string, program: string): Promise<Uint8Array> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new CliError(`${folder} cannot be read: ${messageOf(cause)}`, {
      code: "NOT_FOUND",
      exitCode: EXIT.USAGE,
      cause,
    });
  });
  const sources = names.filter((name) => name.endsWith(".rego") && !name.endsWith("_test.rego"));
  if (sources.length === 0 && names.includes("tools.wasm")) return readFile(join(folder, "tools.wasm"));
  if (sources.length === 0)
    throw new CliError(`${folder} has no policy: neither a .rego file nor a tools.wasm`, {
      code: "BAD_INPUT",
      exitCode: EXIT.USAGE,
    });
  const { wasm } = await askProgram<{ wasm: string }>({
    program,
    args: ["--compile", folder],
    lacks: "that could compile a policy",
    failed: { what: `the policy of ${folder} cannot be compiled`, code: "POLICY_BROKEN" },
  });
  return toBytes(wasm);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
