import type { Log } from "./log.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { WakeUp } from "./wake-up.ts";

export interface LostHints {
  /** Looks after a named thing of a tenant for one who follows it, until the function is called. */
  watch(tenant: string, name: string): () => void;
}

export interface LostHintsOptions {
  wakeUp: Pick<WakeUp, "changed">;
  log: Log;
  /** Milliseconds between two looks, give or take a quarter; a lost hint costs no more. */
  everyMs?: number;
}

/** How far something is: whatever differs when it has moved. */
type Head = string | number;

interface FollowedThings {
  /** What is followed, in the plural. */
  of: string;
  /** In one statement, how far each of the named things of a tenant is, of those that there are. */
  readHeads(tenant: string, names: readonly string[]): Promise<ReadonlyMap<string, Head>>;
}

/** What is looked after, each for as many as follow it, with how it was at the last look. */
type Watched = Map<string, { followers: number; head: Head | undefined }>;

const EVERY_MS = 20_000;

/**
 * Finds hints that were lost, for all who follow something in this process at once: one statement for each tenant, whoever and
 * however many they are, and none where nobody follows anything. What has moved since the last look is hinted again; so
 * is what is looked at for the first time, because what its followers missed until then is not known.
 */
export function createLostHints(options: LostHintsOptions & FollowedThings): LostHints & Pick<Loop, "check" | "close"> {
  const { readHeads, wakeUp, log, everyMs = EVERY_MS } = options;
  const tenants = new Map<string, Watched>();

  async function look(tenant: string, watched: Watched): Promise<void> {
    for (const [name, head] of await readHeads(tenant, [...watched.keys()])) {
      const entry = watched.get(name);
      if (entry === undefined || entry.head === head) continue;
      entry.head = head;
      wakeUp.changed(name);
    }
  }

  const loop = startLoop({ name: `lost hints of ${options.of}`, intervalMs: everyMs, log }, async () => {
    for (const [tenant, watched] of [...tenants]) await look(tenant, watched);
    return false;
  });

  return {
    watch(tenant, name) {
      const watched = tenants.get(tenant) ?? new Map();
      tenants.set(tenant, watched);
      const entry = watched.get(name) ?? { followers: 0, head: undefined };
      watched.set(name, entry);
      entry.followers += 1;
      return () => {
        entry.followers -= 1;
        if (entry.followers === 0) watched.delete(name);
        if (watched.size === 0) tenants.delete(tenant);
      };
    },
    check: loop.check,
    close: loop.close,
  };
}
