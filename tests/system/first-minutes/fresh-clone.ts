import { execFile, execFileSync, spawn } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { listPids } from "../../../infra/local/process-identity.ts";
import { listenTo, type Up } from "./run-up.ts";

const exec = promisify(execFile);
const project = fileURLToPath(new URL("../../../", import.meta.url));

/** Whom a command runs as: root, or somebody ordinary; `nobody` has this number everywhere. */
export type Account = "root" | "user";
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** What an ordinary machine has in its environment; what npm and the tests have put into ours says too much. */
const KEPT = /^(LANG|LC_.*|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|https?_proxy|no_proxy)$/i;

/** A clone of what is committed here, in which nothing was ever run. */
export interface FreshClone {
  /** A data folder beside it, which is not there yet. */
  dataDir: string;
  /** Runs a command as a person would who has just cloned it. */
  run(command: string, ...args: string[]): Up;
  /** Processes that still stand in it or run from it, beside their parents that ended. */
  running(): Promise<string[]>;
  remove(): Promise<void>;
}

/** Why an account cannot be tried on this machine; undefined when it can. */
export function whyNot(account: Account): string | undefined {
  if (account === "root" && !isRoot) return "only root can be root";
  try {
    execFileSync("git", ["-c", "safe.directory=*", "rev-parse", "--verify", "HEAD"], { cwd: project, stdio: "ignore" });
    return undefined;
  } catch {
    return "this is no clone of git";
  }
}

/**
 * Root's stands in a folder that nobody else may enter, as root's home is; the user's in a home of its own, with a copy of
 * what npm has downloaded before.
 */
export async function createFreshClone(account: Account): Promise<FreshClone> {
  const place = await mkdtemp(join(tmpdir(), "soma-first-"));
  const home = join(place, "home");
  await mkdir(home, { mode: 0o700 });
  const other = account === "user" && isRoot;
  const settings = await npmSettings();
  const cache = other ? join(home, ".npm") : settings.cache;
  if (other) {
    await chmod(place, 0o755);
    await cp(join(settings.cache, "_cacache"), join(cache, "_cacache"), { recursive: true }).catch(() => {});
  }
  const folder = join(home, "project");
  await exec("git", ["-c", "safe.directory=*", "clone", "--quiet", "--no-hardlinks", project, folder]);
  if (other) await exec("chown", ["-R", `${NOBODY}:${NOBODY}`, home]);
  const env = { ...plainEnvironment(), HOME: home, npm_config_cache: cache, npm_config_registry: settings.registry };
  return {
    dataDir: join(home, "data"),
    run: (command, ...args) =>
      listenTo(
        spawn(command, args, {
          cwd: folder,
          env,
          stdio: ["ignore", "pipe", "pipe"],
          ...(other ? { uid: NOBODY, gid: NOBODY } : {}),
        }),
      ),
    running: () => runningIn(place),
    remove: () => rm(place, { recursive: true, force: true, maxRetries: 5 }),
  };
}

async function npmSettings(): Promise<{ cache: string; registry: string }> {
  const { stdout } = await exec("npm", ["config", "get", "cache", "registry"], { cwd: project });
  const settings = new Map(stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
  return { cache: settings.get("cache") ?? "", registry: settings.get("registry") ?? "" };
}

/** Without the programs of our own packages: the Node and the npm that a person finds first. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name));
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

async function runningIn(place: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await listPids()) {
    const about = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
    const [command, cwd] = [await about("cmdline"), await readlink(`/proc/${pid}/cwd`).catch(() => "")];
    if (command.includes(place) || cwd.startsWith(place)) found.push(`${pid} ${command.replaceAll("\0", " ")}`);
  }
  return found;
}
