import { readdir, readFile, realpath } from "node:fs/promises";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ProjectFault } from "@soma/runs/project-state";
import { placeIn } from "./place-in.ts";

/** The default export of a file, or why there is none. */
export type LoadedFile = { file: string } & ({ exported: unknown } | { fault: ProjectFault });

export interface ProjectModules {
  /** The files of a folder that are no tests, in the order of their names; empty when the folder is not there. */
  load(folder: string): Promise<LoadedFile[]>;
  /** From here on every file of the project is a new module, also those that the loaded ones import. */
  renew(): void;
  close(): void;
}

/** Packages that a project has from this installation, so that there is one copy of each in the process. */
const FROM_HERE = /^(?:@soma\/sdk|typebox)(?:\/|$)/;

/**
 * Loads files of a folder anywhere on the disk, again and again. Node keeps a module for ever under its URL, so each loading
 * has a number of its own in it; a run under way goes on with the functions it began with.
 */
export async function openProjectModules(dir: string): Promise<ProjectModules> {
  const root = pathToFileURL(`${await realpath(dir)}/`).href;
  let loading = 0;
  const isOwn = (url: string | undefined): url is string =>
    url?.startsWith(root) === true && !url.slice(root.length).includes("node_modules/");
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (FROM_HERE.test(specifier) && isOwn(context.parentURL))
        return next(specifier, { ...context, parentURL: import.meta.url });
      const found = next(specifier, context);
      return isOwn(found.url) ? { ...found, url: `${found.url}?loading=${loading}` } : found;
    },
  });
  return {
    renew() {
      loading += 1;
    },
    async load(folder) {
      const names = await sourcesIn(join(dir, folder));
      return Promise.all(names.map((name) => loadFile(`${folder}/${name}`, root)));
    },
    close: () => hooks.deregister(),
  };
}

async function sourcesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(onMissing([]));
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).toSorted();
}

async function loadFile(file: string, root: string): Promise<LoadedFile> {
  try {
    const { default: exported } = (await import(`${root}${file}`)) as { default?: unknown };
    return { file, exported };
  } catch (error) {
    const why = inProject(root, error instanceof Error ? error.message : String(error));
    const place = placeIn(root, error);
    const at = place === undefined ? "" : ` (${place.file}:${place.line})`;
    return { file, fault: { message: `${file} cannot be loaded: ${why}${at}`, ...(place ?? { file, line: null }) } };
  }
}

/** What Node says, with files of the project by their paths in it and without the number of the loading. */
function inProject(root: string, why: string): string {
  return why
    .replaceAll(root, "")
    .replaceAll(fileURLToPath(root), "")
    .replace(/\?loading=\d+/g, "");
}

/** The text of a file of a project; undefined when it is not there. */
export function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(onMissing(undefined));
}

function onMissing<T>(value: T) {
  return (error: NodeJS.ErrnoException): T => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}
