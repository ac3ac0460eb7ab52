import { readdir, readFile, readlink } from "node:fs/promises";

const LISTENS = "0A";

/** What listens on a TCP port of this machine, in words; "another program" where that cannot be told. */
export async function describePortHolder(port: number): Promise<string> {
  const sockets = await listeningSockets(port);
  for (const pid of sockets.size === 0 ? [] : await processes()) {
    if (!(await holds(pid, sockets))) continue;
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0").join(" ").trim();
    return `process ${pid}${words === "" ? "" : ` (${words.length > 120 ? `${words.slice(0, 119)}…` : words})`}`;
  }
  return "another program";
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

async function processes(): Promise<string[]> {
  return (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
}

async function holds(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const name of await readdir(folder).catch(() => []))
    if (sockets.has(await readlink(`${folder}/${name}`).catch(() => ""))) return true;
  return false;
}
