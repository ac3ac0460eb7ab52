import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What tests need and no package of ours has. */
export const TOOLS = fileURLToPath(new URL("../../../.tools/", import.meta.url));
const FETCH_MS = 120_000;

interface Archive {
  /** A command that leaves one file, the archive, in the folder that it is run in. */
  by: readonly [string, ...string[]];
  sha512: string;
  /** What is kept of the archive at a path. */
  read(path: string): Buffer | string;
}

/** The path of what is fetched once, into `.tools/`, and compared with what is known of it before anything of it is used. */
export async function fetchOnce(name: string, { by: [program, ...args], sha512, read }: Archive): Promise<string> {
  const kept = join(TOOLS, name);
  if (existsSync(kept)) return kept;
  const aside = await mkdtemp(join(tmpdir(), "soma-fetched-"));
  try {
    await promisify(execFile)(program, args, { cwd: aside, timeout: FETCH_MS });
    const archive = join(aside, (await readdir(aside))[0] ?? "");
    if (hash("sha512", await readFile(archive), "base64") !== sha512) throw new Error("the archive is not what it was");
    await mkdir(TOOLS, { recursive: true });
    // Two that fetch at once write the same, each beside it first.
    const half = `${kept}.${process.pid}`;
    await writeFile(half, read(archive));
    await chmod(half, 0o755);
    await rename(half, kept);
    return kept;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${name} cannot be fetched: ${reason}`, { cause });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
