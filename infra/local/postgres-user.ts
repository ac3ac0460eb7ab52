import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { platform, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** How folders end that are made beside a database and may be left there by a start that was killed. */
export const ASIDE = ".making-";

/** Whom PostgreSQL's programs run as. */
export interface PostgresUser {
  /** For messages. */
  name: string;
  /** Runs a program in a folder. */
  run(program: string, args: readonly string[], folder: string): Promise<{ stdout: string }>;
  /** Gives a folder, with all that is in it, to this user. */
  own(folder: string): Promise<void>;
  /** The name by which a program that runs in the folder reaches it. */
  here(folder: string): string;
}

export interface PostgresUsers {
  server: PostgresUser;
  /** Creates a database: initdb looks up the name of its user, which the server never does. */
  creator: PostgresUser;
}

interface Who {
  uid: number;
  gid: number;
}

/** A line of /etc/passwd. */
interface Entry extends Who {
  name: string;
}

/** The number that serves when root has no user "postgres"; above those that systems give to people and programs. */
const FIRST_UNNAMED = 54_329;
/** What such a number is called where a program insists on a name. */
const UNNAMED = "postgres";
/**
 * The folder a process stands in, by a link that the kernel follows without asking who may enter the folders above. The
 * process is put there while it is still root, so a database in a closed folder needs no door opened for it.
 */
const SELF = "/proc/self/cwd";

/** What the machine says of its users. */
interface Host {
  /** Number of the user of this process; undefined where users have none. */
  uid: number | undefined;
  hasName: boolean;
  /** The text of /etc/passwd. */
  passwd: string;
}

async function thisHost(): Promise<Host> {
  return {
    uid: process.getuid?.(),
    hasName: hasName(),
    passwd: await readFile("/etc/passwd", "utf8").catch(() => ""),
  };
}

/**
 * PostgreSQL refuses to run as root. As root its programs run as the owner of the database that is there, else as the
 * user "postgres", else as a number that nobody has; no user is made. Where root may become nobody else, as in a
 * container without capabilities, and for a user without a name, a user namespace gives them one.
 */
export async function choosePostgresUsers(dataDir: string, host?: Host): Promise<PostgresUsers> {
  const { uid: self, passwd, hasName: named } = host ?? (await thisHost());
  const entries = parsePasswd(passwd);
  const found = await stat(dataDir).catch(() => undefined);
  if (self === 0) return rootsUsers(dataDir, found, entries);
  if (found !== undefined && self !== undefined && found.uid !== self)
    throw new Error(
      `${dataDir} belongs to user number ${found.uid} and this is user number ${self}; start as that user, or give the folder to this one with chown -R`,
    );
  const server = ordinary();
  if (named || isMade(dataDir)) return { server, creator: server };
  return { server, creator: (await inNamespace(entries, "this user has no name in /etc/passwd")).creator };
}

async function rootsUsers(dataDir: string, found: Who | undefined, entries: readonly Entry[]): Promise<PostgresUsers> {
  const owner = found?.uid === 0 ? undefined : found;
  const wanted = owner ?? entries.find(({ name }) => name === "postgres") ?? unnamed(entries);
  const refused = await cannotBecome(wanted, dataDir);
  if (refused !== undefined) {
    if (owner !== undefined)
      throw new Error(
        `${dataDir} belongs to user number ${owner.uid}, and root may not become that user here: ${refused}`,
      );
    return inNamespace(entries, `root may not become another user here (${refused})`);
  }
  const server = asUid(wanted, entries);
  // A database that was copied back by root belongs to root.
  if (found?.uid === 0) await server.own(dataDir);
  if (isMade(dataDir) || entries.some(({ uid }) => uid === wanted.uid)) return { server, creator: server };
  const other = someNamed(entries);
  if (other !== undefined) return { server, creator: asUid(other, entries) };
  return { server, creator: (await inNamespace(entries, "/etc/passwd names nobody but root")).creator };
}

/** Nothing is to be created any more, so nobody needs a name. */
function isMade(dataDir: string): boolean {
  return existsSync(join(dataDir, "PG_VERSION"));
}

export function parsePasswd(text: string): Entry[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid = "", gid = ""]) => ({ name, uid: Number(uid || "x"), gid: Number(gid || "x") }))
    .filter(({ name, uid, gid }) => name !== "" && Number.isInteger(uid) && Number.isInteger(gid));
}

function unnamed(entries: readonly Entry[]): Who {
  let uid = FIRST_UNNAMED;
  while (entries.some((entry) => entry.uid === uid || entry.gid === uid)) uid += 1;
  return { uid, gid: uid };
}

/** Somebody initdb can look up: it only wants a name, and what it makes is given to the server's user afterwards. */
function someNamed(entries: readonly Entry[]): Entry | undefined {
  return entries.find(({ name }) => name === "nobody") ?? entries.find(({ uid }) => uid !== 0);
}

function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

function ordinary(): PostgresUser {
  return {
    name: "this user",
    run: (program, args, folder) => exec(program, args, { cwd: folder }),
    own: async () => {},
    here: (folder) => folder,
  };
}

function asUid({ uid, gid }: Who, entries: readonly Entry[]): PostgresUser {
  const name = entries.find((entry) => entry.uid === uid)?.name;
  return {
    name: name === undefined ? `user number ${uid}` : `user "${name}"`,
    run: (program, args, folder) => exec(program, args, { cwd: folder, uid, gid }),
    async own(folder) {
      await exec("chown", ["-R", `${uid}:${gid}`, folder]);
    },
    here: reach,
  };
}

function reach(folder: string): string {
  return platform() === "linux" && existsSync(SELF) ? SELF : folder;
}

/** Why this process may not hand files to a user and run programs as that user; undefined when it may. */
async function cannotBecome({ uid, gid }: Who, dataDir: string): Promise<string | undefined> {
  const probe = await mkdtemp(`${dataDir}${ASIDE}`);
  try {
    await chown(probe, uid, gid);
    await exec("/bin/sh", ["-c", ":"], { cwd: probe, uid, gid });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

/**
 * The same user under another number; files keep their owner. Only what creates a database needs a name: one of /etc/passwd,
 * else one of a file that is put over it for that program alone.
 */
async function inNamespace(entries: readonly Entry[], reason: string): Promise<PostgresUsers> {
  const named = someNamed(entries);
  const { uid, gid } = named ?? { uid: FIRST_UNNAMED, gid: FIRST_UNNAMED };
  const wrap = ["--user", `--map-user=${uid}`, `--map-group=${gid}`];
  const server: PostgresUser = {
    name: `user "${named?.name ?? UNNAMED}" of a namespace`,
    run: (program, args, folder) => exec("unshare", [...wrap, "--", program, ...args], { cwd: folder }),
    own: async () => {},
    here: reach,
  };
  const passwd = `${UNNAMED}:x:${uid}:${gid}::/:/bin/false\n`;
  const creator: PostgresUser =
    named === undefined
      ? { ...server, run: (...of) => withPasswd(passwd, (file) => runNamed(wrap, file, of)) }
      : server;
  await creator.run("/bin/sh", ["-c", ":"], "/").catch((cause: Error & { stderr?: string }) => {
    throw new Error(
      `PostgreSQL cannot run: ${reason}, and no user namespace can be made (${cause.stderr?.trim() || cause.message}); start as an ordinary user that has a name, add the line "${passwd.trim()}" to /etc/passwd, or give the container the capabilities CHOWN, SETUID and SETGID`,
      { cause },
    );
  });
  return { server, creator };
}

async function withPasswd<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "soma-passwd-"));
  try {
    await writeFile(join(folder, "passwd"), text);
    return await use(join(folder, "passwd"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runNamed(
  wrap: readonly string[],
  file: string,
  [program, args, folder]: Parameters<PostgresUser["run"]>,
): Promise<{ stdout: string }> {
  const over = ["/bin/sh", "-c", 'mount --bind "$0" /etc/passwd && exec "$@"', file];
  return exec("unshare", [...wrap, "--keep-caps", "--mount", "--", ...over, program, ...args], { cwd: folder });
}
