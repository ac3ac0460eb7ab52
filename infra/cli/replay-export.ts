import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { canonicalJson, isRecord } from "@soma/schemas/json";
import { webSha256 } from "@soma/schemas/run-chain";
import { type VerifiedExport, verifyExport } from "@soma/schemas/run-export";
import { CliError, EXIT } from "./cli-error.ts";
import { print, printJson, safe, toJson } from "./print.ts";

/** The installation's own program: it has the graphs, a client does not. It prints one JSON object {state} or {error}. */
const PROGRAM = fileURLToPath(new URL("../local/fold-export.ts", import.meta.url));
const WAIT_MS = 60_000;
const MAX_STATE_BYTES = 64 * 1_048_576;

/** Verifies an export without a product: its chain here, and its state by folding it again where the product is installed. */
export async function replayExport(
  { file, json }: { file: string; json: boolean },
  program: string = PROGRAM,
): Promise<void> {
  const path = resolve(file);
  const { head, events, hash, erased } = await read(path);
  if (!json) print(`run ${head.runId}: all ${events.length} events verified, the last with hash ${hash}`);
  if (!json && erased > 0) print(`${erased} of them were erased: what they said is gone, and so is the state`);
  const state = existsSync(program) && erased === 0 ? await fold(program, path) : undefined;
  const same =
    state === undefined || head.stateHash === null ? null : (await webSha256(canonicalJson(state))) === head.stateHash;
  if (json)
    printJson({ runId: head.runId, events: events.length, erased, hash, state: state ?? null, sameState: same });
  if (!json && state !== undefined) print(`\n${safe(toJson(state, 2))}\n`);
  if (same === false)
    throw new CliError(
      `the state of run ${head.runId} is another one here than where it was exported: graph ${head.graph}@${head.graphVersion} does something else in this build`,
      { code: "STATE_DIFFERS" },
    );
  if (!json && erased === 0) print(WORDS[String(same) as keyof typeof WORDS](state !== undefined));
}

const WORDS = {
  true: () => "the state is the one it was exported with",
  null: (folded: boolean) =>
    folded ? "the export does not say which state it had" : "no product is installed here that could fold its state",
};

async function read(path: string): Promise<VerifiedExport> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CliError(`${path} cannot be read: ${messageOf(cause)}`, {
      code: "NOT_FOUND",
      exitCode: EXIT.USAGE,
      cause,
    });
  });
  return verifyExport(text).catch((cause: unknown) => {
    throw new CliError(`${path} is not a sound export: ${messageOf(cause)}`, { code: "EXPORT_BROKEN", cause });
  });
}

async function fold(program: string, path: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, path], {
    timeout: WAIT_MS,
    maxBuffer: MAX_STATE_BYTES,
  });
  const answer: unknown = JSON.parse(stdout);
  if (isRecord(answer) && "state" in answer) return answer.state;
  const why = isRecord(answer) ? String(answer.error) : "it printed something else";
  throw new CliError(`the state of ${path} cannot be folded here: ${why}`, { code: "STATE_UNKNOWN" });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
