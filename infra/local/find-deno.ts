import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const LISTED = fileURLToPath(new URL("./deno/", import.meta.url));
const TOOLS = fileURLToPath(new URL("../../.tools/", import.meta.url));
const LISTS = ["package.json", "package-lock.json"];
const FETCH_MS = 300_000;
const run = promisify(execFile);

/** How Deno is run: by itself, with the packages that npm installed, fetching nothing, and never asking anybody. */
const ALWAYS = ["run", "--no-lock", "--node-modules-dir=manual", "--no-remote", "--cached-only", "--no-prompt"];

export interface Deno {
  program: string;
  /** What stands before what the script is allowed, and its path. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Deno of the version that `deno/package.json` asks for. It is fetched once, into `.tools/`, by npm, which compares it with
 * the lock beside that: 92 MB, which nobody has to have who runs on Node.
 */
export async function findDeno(): Promise<Deno> {
  const { dependencies } = JSON.parse(await readFile(join(LISTED, "package.json"), "utf8")) as {
    dependencies: { deno: string };
  };
  const folder = join(TOOLS, `deno-${dependencies.deno}`);
  if (programIn(folder) === undefined) await fetchDeno(folder);
  const program = programIn(folder);
  if (program === undefined) throw new Error(`there is no Deno in ${folder}; remove it, so that it is fetched again`);
  // What it keeps of compiled code stays beside it.
  return { program, args: ALWAYS, env: { DENO_DIR: join(folder, "cache"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" } };
}

/** The package of one platform has nothing in it but the program; the one named `deno` would only copy it. */
function programIn(folder: string): string | undefined {
  const [found] = globSync("node_modules/@deno/*/deno{,.exe}", { cwd: folder });
  return found === undefined ? undefined : join(folder, found);
}

async function fetchDeno(folder: string): Promise<void> {
  const aside = `${folder}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  try {
    for (const list of LISTS) await copyFile(join(LISTED, list), join(aside, list));
    const options = { cwd: aside, timeout: FETCH_MS, shell: process.platform === "win32" };
    await run(
      "npm",
      ["ci", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
      options,
    );
    if (programIn(aside) === undefined) throw new Error(`there is none for ${process.platform} ${process.arch}`);
    // Another process may have fetched the same meanwhile, and run it by now.
    await rename(aside, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Deno cannot be fetched: ${reason}`, { cause });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
