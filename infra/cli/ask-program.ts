import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { isRecord } from "@soma/schemas/json";
import { CliError } from "./cli-error.ts";

const WAIT_MS = 600_000;
const MAX_REPORT_BYTES = 64 * 1_048_576;

interface AskProgramParams {
  /** Its file. */
  program: string;
  args: readonly string[];
  /** What of an installation it is, where only the command line is installed. */
  lacks: string;
  /** What cannot be done when it fails, and the code of that. */
  failed: { what: string; code: string };
}

/** Asks a program of the installation, which knows what a client does not. It prints one JSON object `{report}` or `{error}`. */
export async function askProgram<T>({ program, args, lacks, failed }: AskProgramParams): Promise<T> {
  if (!existsSync(program))
    throw new CliError(`only the command line is installed here, and no product ${lacks}`, { code: "NOT_FOUND" });
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    timeout: WAIT_MS,
    maxBuffer: MAX_REPORT_BYTES,
  });
  const answer: unknown = JSON.parse(stdout);
  if (isRecord(answer) && isRecord(answer.report)) return answer.report as unknown as T;
  const why = isRecord(answer) ? String(answer.error) : "it printed something else";
  throw new CliError(`${failed.what}: ${why}`, { code: failed.code });
}
