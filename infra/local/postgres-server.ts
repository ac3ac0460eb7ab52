import { open, readlink, realpath, stat } from "node:fs/promises";
import { platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive } from "@soma/schemas/is-alive";
import { lifeOf } from "@soma/schemas/process-life";
import { endOrphans } from "./end-orphans.ts";
import { hasPidFile, type PidFile, readPidFile, removePidFile } from "./pid-file.ts";
import type { PostgresUser } from "./postgres-user.ts";
import { beganAt, programOf } from "./process-identity.ts";

/** A database folder, and how its server is started and stopped. */
export interface Server {
  pgCtl: string;
  user: PostgresUser;
  dataDir: string;
}

/** A server that takes connections. */
export interface RunningServer {
  port: number;
  /** Tells it from any later one; see `lifeOf()`. */
  life: string;
  pid: number;
}

/** How long a server may take to be ready; it replays its log after a crash. */
const START_S = 120;
const STOP_S = 10;
/** How often a start waits for the last processes of a killed server; they were asked to end. */
const ORPHAN_TRIES = 20;
const ORPHAN_PAUSE_MS = 100;
/** Bytes of a line of the server's log that tells why it did not start. */
const MAX_LINE = 1_000;
const NAMELESS_MS = 200;
/** Seconds by which the start of a server and the time in its pid file may differ. */
const START_SLACK_S = 10;

/** Starts the server on this port and no other, after the processes that a killed one may have left. */
export async function startServer(server: Server, port: number): Promise<RunningServer> {
  for (let tries = 1; ; tries += 1) {
    await endOrphans(server.dataDir);
    const fault = await tryToStart(server, port);
    if (fault === undefined) break;
    if (tries === ORPHAN_TRIES || !fault.message.includes("pre-existing shared memory block")) throw fault;
    await pause(ORPHAN_PAUSE_MS);
  }
  const log = join(server.dataDir, "server.log");
  const running = await findServer(server);
  if (running === undefined) throw new Error(`PostgreSQL started in ${server.dataDir} and ended at once; see ${log}`);
  return running;
}

/** Why it did not start, with the end of its log; undefined when it did. */
async function tryToStart(server: Server, port: number): Promise<Error | undefined> {
  const log = join(server.dataDir, "server.log");
  const args = ["start", "-l", "server.log", "-w", "-t", String(START_S), "-o", `-p ${port}`];
  try {
    await control(server, args);
    return undefined;
  } catch (cause) {
    const tail = await endOf(log, 5).catch(() => "");
    return new Error(
      `PostgreSQL did not start in ${server.dataDir}; the end of ${log}:\n${tail === "" ? (cause as Error).message : tail}`,
      { cause },
    );
  }
}

/** The last lines of a file that may have grown for months; no more is read than such lines take. */
async function endOf(path: string, lines: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const wanted = Math.min(size, lines * MAX_LINE);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, size - wanted);
    return buffer.subarray(0, bytesRead).toString("utf8").trim().split("\n").slice(-lines).join("\n");
  } finally {
    await file.close();
  }
}

/** Ends the server, if there is one. What cannot end in time is ended as a crash would, which loses nothing. */
export async function stopServer(server: Server): Promise<void> {
  if (!(await isThere(server))) return;
  const stop = (mode: string) => control(server, ["stop", "-m", mode, "-w", "-t", String(STOP_S)]);
  try {
    await stop("fast");
  } catch {
    if (await isThere(server)) await stop("immediate");
  }
}

/**
 * The server that runs on the folder, once it is ready; undefined when there is none. Its pid file may name somebody else,
 * after a crash of the machine or the container, or a process that has ended and was not asked how: PostgreSQL would refuse
 * to start, so the file is removed. Whether a process still uses the memory of an old server it finds out by itself.
 */
export async function findServer(server: Server): Promise<RunningServer | undefined> {
  for (let waited = 0; waited < START_S * 1_000; waited += 50) {
    const file = await readPidFile(server.dataDir);
    if (file === undefined) {
      if (!(await hasPidFile(server.dataDir))) return undefined;
      // A server writes it a moment after it has made it.
      if (waited < NAMELESS_MS) {
        await pause(50);
        continue;
      }
      // One that names nobody, as a full disk may leave it, would keep every server from starting.
      await removePidFile(server.dataDir);
      return undefined;
    }
    if (!isAlive(file.pid)) return undefined;
    const life = await lifeOf(file.pid);
    if (life === undefined || (waited === 0 && !(await isServerOf(server, file)))) {
      await removePidFile(server.dataDir);
      return undefined;
    }
    if (file.ready) return { port: file.port, life, pid: file.pid };
    await pause(50);
  }
  throw new Error(
    `PostgreSQL runs on ${server.dataDir} and was not ready within ${START_S} s; see server.log there, or stop it: kill -INT ${(await readPidFile(server.dataDir))?.pid}`,
  );
}

async function isThere(server: Server): Promise<boolean> {
  const file = await readPidFile(server.dataDir);
  return file !== undefined && (await lifeOf(file.pid)) !== undefined && (await isServerOf(server, file));
}

function control({ pgCtl, user, dataDir }: Server, args: readonly string[]): Promise<{ stdout: string }> {
  return user.run(pgCtl, [...args, "-D", user.here(dataDir)], dataDir);
}

/**
 * True unless the process is another one: its program is not PostgreSQL, or it stands in another folder. Only where its folder
 * is not told does the time count at which it began: somebody may have set the clock since.
 */
async function isServerOf({ user, dataDir }: Server, { pid, startedAt }: PidFile): Promise<boolean> {
  const program = await programOf(pid);
  if (program !== undefined && !basename(program).startsWith("postgres")) return false;
  if (platform() !== "linux") return true;
  const [of, wanted] = await Promise.all([stat(`/proc/${pid}`).catch(() => undefined), stat(dataDir)]);
  if (of !== undefined && of.uid !== wanted.uid) return false;
  const folder = await folderOf(user, pid, dirname(dataDir));
  if (folder !== undefined) return folder === (await realpath(dataDir));
  const began = await beganAt(pid);
  return began === undefined || Math.abs(began - startedAt) <= START_SLACK_S;
}

/** The folder a process stands in; undefined when nobody may look. Root without the capability SYS_PTRACE may not, PostgreSQL's user may. */
async function folderOf(user: PostgresUser, pid: number, here: string): Promise<string | undefined> {
  const link = `/proc/${pid}/cwd`;
  const asUser = (): Promise<string | undefined> =>
    user.run("readlink", ["-n", link], here).then(
      ({ stdout }) => stdout,
      () => undefined,
    );
  return readlink(link).catch(asUser);
}
