import { existsSync } from "node:fs";
import { lstat, mkdir, readlink, realpath, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError, EXIT } from "./cli-error.ts";
import { print, printJson } from "./print.ts";

/** What a project is written against, typed and tested with; it has these from this installation. */
const PACKAGES = ["@soma/sdk", "@types/node", "typebox", "typescript"];

/** Programs that the scripts of a project name. */
const programs = (): Record<string, string> => ({
  node: process.execPath,
  soma: fileURLToPath(new URL("./soma.js", import.meta.url)),
  tsc: join(findPackage("typescript"), "bin/tsc"),
});

/** `soma link`: links the SDK of this installation into a project, such as a fresh clone. */
export async function linkProject(dir: string, json: boolean): Promise<void> {
  const folder = resolve(dir);
  if (!existsSync(join(folder, "package.json")))
    throw new CliError(`${folder} is no project: it has no package.json; \`soma init\` writes a new one`, {
      code: "BAD_INPUT",
      exitCode: EXIT.USAGE,
    });
  await linkPackages(folder);
  const sdk = await realpath(join(folder, "node_modules/@soma/sdk"));
  if (json) printJson({ folder, sdk });
  else print(`${folder} has its SDK from ${sdk}`);
}

/** Throws when a package is not installed that a project needs. */
export function checkPackages(): void {
  for (const name of PACKAGES) findPackage(name);
}

/** Replaces links that were made here before, and leaves alone what somebody installed. */
export async function linkPackages(folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  for (const name of PACKAGES) await link(join(modules, name), findPackage(name));
  for (const [name, program] of Object.entries(programs())) await link(join(modules, ".bin", name), program);
}

async function link(path: string, target: string): Promise<void> {
  if (await isInstalled(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(target, path, "junction");
}

/** npm's own links, such as those of programs, are relative. */
async function isInstalled(path: string): Promise<boolean> {
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return false;
  return !there.isSymbolicLink() || !isAbsolute(await readlink(path));
}

/** The folder of a package, as the module loader looks for it from here. */
function findPackage(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder));
  if (found !== undefined) return found;
  throw new CliError(`the package ${name} is not installed here; run \`npm start\` once, which installs it`, {
    code: "NOT_FOUND",
  });
}
