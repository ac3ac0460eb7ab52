import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { send } from "./process-tree.ts";

/** Bytes of memory that a sandbox has in all, where this process may make control groups. */
const MAX_MEMORY = 536_870_912;
const PREFIX = "soma-tool-";
const ROUNDS = 50;
const ROUND_MS = 10;

export interface Group {
  /** Files: a process that writes its number to each is in the group, with all that it starts, and cannot leave it. */
  joins: readonly string[];
  kill(): void;
  remove(): Promise<void>;
}

/** Makes a group for so many processes and threads. */
export type MakeGroup = (maxTasks: number) => Group;

interface Place {
  folder: string;
  limits: (maxTasks: number) => Record<string, string>;
}

/** Where groups of pids and memory can be made: in version 2, or for each of both in version 1; else why not. */
export function findCgroups(): MakeGroup | { missing: string } {
  const own = readOwn();
  const two = own.get("") === undefined ? undefined : findTwo(own.get("") ?? "/");
  const places = two === undefined ? findOne(own) : [two];
  if (places.length === 0)
    return {
      missing: "this process may make no control groups, so the memory of a sandbox is limited by process alone",
    };
  for (const { folder } of places) removeLeft(folder);
  let made = 0;
  return (maxTasks) => {
    made += 1;
    return makeGroup(places, `${PREFIX}${process.pid}-${made}`, maxTasks);
  };
}

/** The path of this process by controller; version 2 has no name. */
function readOwn(): Map<string, string> {
  if (!existsSync("/proc/self/cgroup")) return new Map();
  const lines = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, names = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      return names.split(",").map((name): [string, string] => [name, path]);
    }),
  );
}

/** Beside this process rather than below: a group that has processes hands no controllers on. */
function findTwo(path: string): Place | undefined {
  for (const root of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"])
    for (const folder of [join(root, path), join(root, path, "..")])
      if (givesControllers(folder))
        return {
          folder,
          limits: (maxTasks) => ({
            "pids.max": String(maxTasks),
            "memory.max": String(MAX_MEMORY),
            "memory.swap.max": "0",
            "memory.oom.group": "1",
          }),
        };
  return undefined;
}

function givesControllers(folder: string): boolean {
  try {
    const given = readFileSync(join(folder, "cgroup.subtree_control"), "utf8").split(/\s+/);
    accessSync(folder, constants.W_OK);
    return given.includes("pids") && given.includes("memory");
  } catch {
    return false;
  }
}

function findOne(own: Map<string, string>): Place[] {
  const place = (name: string, limits: Place["limits"]): Place[] => {
    const folder = join("/sys/fs/cgroup", name, own.get(name) ?? "/");
    try {
      accessSync(join(folder, "cgroup.procs"), constants.W_OK);
      return own.has(name) ? [{ folder, limits }] : [];
    } catch {
      return [];
    }
  };
  const both = [
    ...place("pids", (maxTasks) => ({ "pids.max": String(maxTasks) })),
    ...place("memory", () => ({ "memory.limit_in_bytes": String(MAX_MEMORY) })),
  ];
  return both.length === 2 ? both : [];
}

function makeGroup(places: readonly Place[], name: string, maxTasks: number): Group {
  const folders = places.map(({ folder, limits }) => {
    const made = join(folder, name);
    mkdirSync(made);
    // Swap and ending as one are not in every kernel; the two limits are.
    for (const [file, value] of Object.entries(limits(maxTasks)))
      if (existsSync(join(made, file))) writeFileSync(join(made, file), value);
    return made;
  });
  const joins = folders.map((folder) => join(folder, "cgroup.procs"));
  const kill = (): number => {
    const pids = [...new Set(joins.flatMap(readPids))];
    for (const pid of pids) send(pid, "SIGKILL");
    return pids.length;
  };
  return {
    joins,
    kill,
    async remove() {
      // What was started between reading and killing is in the next round.
      for (let round = 0; round < ROUNDS && kill() > 0; round += 1) await delay(ROUND_MS);
      for (let round = 0; round < ROUNDS && !folders.every(removed); round += 1) await delay(ROUND_MS);
    },
  };
}

function readPids(file: string): number[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}

/** Groups of processes that are gone. */
function removeLeft(folder: string): void {
  for (const name of readdirSync(folder)) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) removed(join(folder, name));
  }
}
