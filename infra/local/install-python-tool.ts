import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findPython } from "./find-python.ts";

const TOOLS = fileURLToPath(new URL("../../.tools/", import.meta.url));
const PROGRAMS = process.platform === "win32" ? "Scripts" : "bin";
const INSTALL_MS = 300_000;
const run = promisify(execFile);

/**
 * Packages of Python for one purpose, in a place of their own below `.tools/`: brought once, by a list that has the exact
 * version and the digests of each, so that what is not what it was is refused. Gives the folder of their programs.
 */
export async function installPythonTool(name: string, list: URL): Promise<string> {
  const requirements = await readFile(list);
  const folder = join(TOOLS, `${name}-${hash("sha256", requirements, "hex").slice(0, 12)}`);
  if (existsSync(folder)) return join(folder, PROGRAMS);
  const python = await findPython();
  if ("missing" in python) throw new Error(`${name} cannot be installed: ${python.missing}`);
  const aside = `${folder}.${process.pid}`;
  await mkdir(TOOLS, { recursive: true });
  await rm(aside, { recursive: true, force: true });
  try {
    await run(python.program, ["-m", "venv", "--without-pip", aside], { timeout: INSTALL_MS });
    // Everything is on the list, so nothing is looked for beside it; and no source is built, which would run what it brings.
    const args = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile", "--quiet"];
    await run(
      python.program,
      ["-m", "pip", "--disable-pip-version-check", "--python", aside, "install", ...args, "-r", fileURLToPath(list)],
      { timeout: INSTALL_MS },
    );
    // Another process may have brought the same meanwhile, and run it by now.
    await rename(aside, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } catch (cause) {
    const { stderr = "", message } = cause as { stderr?: string; message: string };
    throw new Error(`${name} cannot be installed: ${stderr.trim() || message}`, { cause });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return join(folder, PROGRAMS);
}
