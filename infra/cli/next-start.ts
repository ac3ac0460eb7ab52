import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The installation's own program: it knows models, a client does not. It prints one JSON object {ok, detail}. */
const PROGRAM = fileURLToPath(new URL("../local/next-start.ts", import.meta.url));
const WAIT_MS = 20_000;

interface NextStart {
  ok: boolean;
  detail: string;
}

/** Which model this machine would use at its next start; undefined where nothing is installed that could start. */
export async function askNextStart(program: string = PROGRAM): Promise<NextStart | undefined> {
  if (!existsSync(program)) return undefined;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: WAIT_MS });
    return parseAnswer(stdout) ?? { ok: false, detail: `${program} printed something that is not {ok, detail}` };
  } catch (error) {
    return { ok: false, detail: `could not be asked: ${lastLine(error)}` };
  }
}

function parseAnswer(text: string): NextStart | undefined {
  try {
    const { ok, detail } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof ok === "boolean" && typeof detail === "string" ? { ok, detail } : undefined;
  } catch {
    return undefined;
  }
}

/** What the program said last, or why it could not be run. */
function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim().split("\n").at(-1) || message;
}
