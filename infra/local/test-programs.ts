import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

interface Wanted {
  /** What it may be called; the first that is there is taken. */
  names: string[];
  /** Debian's package of it. */
  debian: string;
  /** Whether what was found is what its name says; any file when left out. */
  works?(program: string): Promise<boolean>;
}

/**
 * A program that tests need, of this machine: on its PATH, else of its packages, where this user may install them.
 * Undefined where it cannot be had.
 */
export async function findTestProgram(wanted: Wanted): Promise<string | undefined> {
  const found = await findOnPath(wanted);
  return found ?? ((await installPackage(wanted.debian)) ? findOnPath(wanted) : undefined);
}

async function findOnPath({ names, works = async () => true }: Pick<Wanted, "names" | "works">) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name))))
    if ((await exists(path)) && (await works(path))) return path;
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The package only: no service of it is started, whatever starts services on this machine. */
async function installPackage(name: string): Promise<boolean> {
  const mayInstall = process.getuid?.() === 0 && (await findOnPath({ names: ["apt-get"] })) !== undefined;
  const install = ["install", "-y", "--no-install-recommends", name];
  // The list of packages may be missing or old; it is read only where the package is not found without.
  return mayInstall && ((await apt(install)) || ((await apt(["update"])) && (await apt(install))));
}

async function apt(args: string[]): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1", SYSTEMD_OFFLINE: "1" };
  const command = spawn("apt-get", ["-o", "DPkg::Lock::Timeout=60", ...args], { stdio: "ignore", env });
  const [code] = (await once(command, "exit")) as [number | null];
  return code === 0;
}
