import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { access, constants, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface WebPage {
  /** Folder of the built page. */
  folder: string;
  /** True when this call built it. */
  built: boolean;
}

interface BuildOptions {
  /** Folder of the project; ours when left out. */
  root?: string;
  /** Where a page is built that a project which cannot be written to cannot take. */
  dataDir: string | undefined;
  /** Whether this process may write into a folder. */
  canWrite?(folder: string): Promise<boolean>;
}

/** Where a page stands, and the file that says what it was built of, written last. */
interface Place {
  folder: string;
  stamp: string;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What the page is made of. */
const SOURCES = ["webui", "graphql", "schemas"];
const NOT_SOURCES = ["dist", "node_modules"];

/**
 * The web page as its sources are now: built when they have changed, into the project, or into the data folder where the
 * project cannot be written to, as on a read-only disk and for a user it does not belong to.
 */
export async function buildWebPage({ root = ROOT, dataDir, canWrite = isWritable }: BuildOptions): Promise<WebPage> {
  const ofProject = { folder: join(root, "webui", "dist"), stamp: join(root, "node_modules", ".soma", "webui") };
  const aside = dataDir === undefined ? [] : [{ folder: join(dataDir, "webui"), stamp: join(dataDir, "webui.built") }];
  const digest = await digestOf(root);
  for (const place of [ofProject, ...aside])
    if (await isBuilt(place, digest)) return { folder: place.folder, built: false };
  const writable = await Promise.all([join(root, "webui"), join(root, "node_modules")].map(canWrite));
  const place = writable.every(Boolean) ? ofProject : (aside[0] ?? ofProject);
  await build(root, place, digest);
  return { folder: place.folder, built: true };
}

/** By content and by the name in the project: a tree that was built in one place may run in another one. */
async function digestOf(root: string): Promise<string> {
  const paths = (await Promise.all(SOURCES.map((name) => filesUnder(join(root, name))))).flat();
  const lines = paths.sort().map(async (path) => `${relative(root, path)} ${hash("sha256", await readFile(path))}`);
  return hash("sha256", (await Promise.all(lines)).join("\n"));
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !NOT_SOURCES.includes(name));
  const found = entries.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
  return (await Promise.all(found)).flat();
}

async function isBuilt({ folder, stamp }: Place, digest: string): Promise<boolean> {
  const [of] = await Promise.all([readFile(stamp, "utf8"), access(join(folder, "index.html"))]).catch(() => [""]);
  return of === digest;
}

function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function build(root: string, { folder, stamp }: Place, digest: string): Promise<void> {
  await rm(stamp, { force: true });
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  // Vite's own loader of settings writes beside the packages.
  const args = ["build", "--logLevel=error", "--configLoader=native", "--emptyOutDir", `--outDir=${folder}`];
  await promisify(execFile)(process.execPath, [vite, ...args], { cwd: join(root, "webui") }).catch(
    (error: Error & { stderr?: string }) => {
      throw new Error(`the web page could not be built into ${folder}: ${error.stderr?.trim() || error.message}`, {
        cause: error,
      });
    },
  );
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(stamp, digest);
}
