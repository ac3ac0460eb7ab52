/**
 * Mends packages in node_modules where their makers have not yet; README.md explains each hunk. `npm install` runs it, and
 * every start does again, for installs whose scripts are switched off. Plain JavaScript without dependencies, for any Node.
 *
 *   node infra/patches/apply.js                       patches what is installed
 *   node infra/patches/apply.js [--undo] <folder>     the same, or the way back, for the copy of a package in a folder
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");

/** Files in the order in which they are written: the last one says to `connect()` that all are. */
const PATCHES = [
  {
    name: "postgres",
    version: "3.4.9",
    neededBy: "subgraphs/shared",
    diff: "postgres-3.4.9.patch",
    files: [
      {
        path: "src/connection.js",
        original: "ee3a218d9aa6a6f2887c1a19da50009335fe84c11a5431d5cab72d6bc528632f",
        patched: "8087aa3a535f58a2abee366287f30ecd43ce38f43124a9e2a351ae88bf7d0174",
      },
      {
        path: "src/index.js",
        original: "4e21f5733e70d79cffc10d10d4ef01031de4a9ac862210e43f8870029fd103ed",
        patched: "3a572eb0ad3cb4eec5da660359dc613be6dba311c0bbb89e356734b2893dc1d2",
      },
    ],
  },
];

/** Brings every installed package that has a patch to its patched state. Throws when one cannot be. */
export function applyPatches() {
  return PATCHES.map((patch) => {
    const folder = findPackage(patch);
    return folder === undefined ? `${patch.name} is not installed; nothing to patch` : bring(patch, folder, "patched");
  });
}

/** Where Node finds the package from the one that needs it. */
function findPackage({ name, neededBy }) {
  for (let folder = join(root, neededBy); ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (folder === root) return undefined;
  }
}

/** Brings the files of one copy of a package to a state, "patched" or "original"; those that are there already are left alone. */
function bring(patch, folder, state) {
  const where = relative(process.cwd(), folder) || folder;
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (version !== patch.version)
    throw new Error(
      `${where} is ${patch.name} ${version} and ${patch.diff} is for ${patch.version}; ` +
        "install that version, or make the patch anew and write its sums into infra/patches/apply.js",
    );
  const diff = parseDiff(readFileSync(join(here, patch.diff), "utf8"));
  const other = state === "patched" ? "original" : "patched";
  // All are worked out before the first is written.
  const changes = patch.files.flatMap((file) => {
    const path = join(folder, file.path);
    const before = readFileSync(path, "utf8");
    const sum = sumOf(before);
    if (sum === file[state]) return [];
    if (sum !== file[other])
      throw new Error(
        `${join(where, file.path)} is neither the file of ${patch.name} ${version} nor our patched one (its sha256 is ${sum}); ` +
          "remove node_modules and run npm ci",
      );
    const after = change(before, diff.get(file.path) ?? [], state === "original");
    if (sumOf(after) !== file[state])
      throw new Error(
        `${patch.diff} makes ${file.path} into something else than infra/patches/apply.js says (its sha256 would be ` +
          `${sumOf(after)}); restore infra/patches`,
      );
    return [{ path, after }];
  });
  for (const { path, after } of changes) replace(path, after);
  return `${where}: ${changes.length === 0 ? `is ${state} already` : `${changes.length} files brought to ${state}`}`;
}

/** Whoever imports the file at this moment reads the old one or the new one, never half of it. */
function replace(path, text) {
  const aside = `${path}.${process.pid}.new`;
  writeFileSync(aside, text);
  renameSync(aside, path);
}

function sumOf(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** The hunks of a unified diff by file: where each begins in the old and the new file, and its lines. */
function parseDiff(text) {
  const files = new Map();
  let hunks = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const start = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (line.startsWith("--- ")) hunks = [];
    else if (line.startsWith("+++ b/")) files.set(line.slice("+++ b/".length), hunks);
    else if (start !== null) hunks.push({ old: Number(start[1]), new: Number(start[2]), lines: [] });
    else hunks.at(-1)?.lines.push(line);
  }
  return files;
}

/** The text with the hunks put in, or taken out. The sums before and after say that lines are where the hunks expect them. */
function change(text, hunks, undo) {
  const lines = text.split("\n");
  const made = [];
  let at = 0;
  for (const hunk of hunks) {
    const start = (undo ? hunk.new : hunk.old) - 1;
    made.push(...lines.slice(at, start));
    at = start;
    for (const line of hunk.lines) {
      const mark = line[0];
      if (mark === " " || mark === (undo ? "+" : "-")) at += 1;
      if (mark === " " || mark === (undo ? "-" : "+")) made.push(line.slice(1));
    }
  }
  return [...made, ...lines.slice(at)].join("\n");
}

function main(args) {
  const folder = args.find((arg) => !arg.startsWith("--"));
  if (folder === undefined) return applyPatches();
  const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const patch = PATCHES.find((each) => each.name === name);
  if (patch === undefined) throw new Error(`there is no patch for ${name}, the package in ${folder}`);
  return [bring(patch, folder, args.includes("--undo") ? "original" : "patched")];
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    for (const said of main(process.argv.slice(2))) console.log(said);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
