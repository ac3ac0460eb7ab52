import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { listPids, programOf } from "./process-identity.ts";

const LISTENS = "0A";

const MAX_NAME = 40;

/** What listens on a TCP port of this machine, in words; "another program" where that cannot be told. */
export function describePortHolder(port: number): Promise<string> {
  return findHolder(port).catch(() => "another program");
}

async function findHolder(port: number): Promise<string> {
  const sockets = await listeningSockets(port);
  for (const pid of sockets.size === 0 ? [] : await listPids()) {
    if (!(await holds(pid, sockets))) continue;
    const name = toName((await programOf(pid)) ?? "");
    return `process ${pid}${name === "" ? "" : ` (${name})`}`;
  }
  return "another program";
}

/**
 * The name alone of somebody else's program: its arguments, which it may have written over its own name, may be secrets, and
 * whatever it chose to be called is shown on our terminal.
 */
function toName(program: string): string {
  const [path = ""] = program.split(/\s/);
  return basename(path)
    .replace(/:$/, "")
    .replace(/[^\w.+@-]/g, "?")
    .slice(0, MAX_NAME);
}

/** Inodes of the sockets that listen there; by the tables of Linux, empty elsewhere. */
async function listeningSockets(port: number): Promise<Set<string>> {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "utf8").catch(() => ""));
  const rows = (await Promise.all(tables)).flatMap((text) => text.split("\n").slice(1));
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const found = fields.filter(([, local = "", , state]) => {
    return state === LISTENS && Number.parseInt(local.split(":")[1] ?? "", 16) === port;
  });
  return new Set(found.map((row) => `socket:[${row[9]}]`));
}

async function holds(pid: number, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const name of await readdir(folder).catch(() => []))
    if (sockets.has(await readlink(`${folder}/${name}`).catch(() => ""))) return true;
  return false;
}
