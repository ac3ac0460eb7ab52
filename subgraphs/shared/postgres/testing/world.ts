import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type postgres from "postgres";

/** The driver under test, patched or as it is published. */
export type Driver = typeof postgres;

/** What a story about lost connections has to work with. */
export interface World {
  driver: Driver;
  /** The real server. */
  url: string;
  /** Name of the connections that `kill()` ends, and of a table of one text column. */
  name: string;
  /** A connection that is never ended. */
  admin: postgres.Sql;
  /** A pool of ours; `end()` of what was made here is not needed. */
  pool(options: postgres.Options<Record<string, postgres.PostgresType>>, url?: string): postgres.Sql;
  /** Ends every connection of ours in the server, and waits until this process has seen it. */
  kill(): Promise<number>;
}

const LIMIT_MS = Number(process.env.LIMIT_MS ?? 4_000);

export async function createWorld(driver: Driver, url: string): Promise<World> {
  const name = `lost_${randomBytes(4).toString("hex")}`;
  let closures = 0;
  const admin = driver(url, { max: 1, onnotice: () => {}, connection: { application_name: "admin" } });
  await admin.unsafe(`create table ${name} (word text not null)`);
  return {
    driver,
    url,
    name,
    admin,
    pool: (options, at = url) =>
      driver(at, {
        backoff: () => 0.01,
        onnotice: () => {},
        ...options,
        connection: { application_name: name },
        onclose: () => {
          closures += 1;
        },
      }),
    async kill() {
      const before = closures;
      const ended = await admin`
        select pg_terminate_backend(pid, 2000) from pg_stat_activity where application_name = ${name}`;
      await until("this process saw its connections end", () => closures >= before + ended.length);
      return ended.length;
    },
  };
}

/** The promise, unless it takes longer than anything here may. */
export async function within<T>(what: string, promise: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error of what has to fail, and soon. */
export async function refused(what: string, promise: PromiseLike<unknown>): Promise<Error> {
  const outcome = await within(
    what,
    promise.then(
      () => undefined,
      (error: Error) => error,
    ),
  );
  if (outcome === undefined) throw new Error(`${what}: it was done`);
  return outcome;
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${LIMIT_MS} ms`);
    await sleep(2);
  }
}

export function equal(what: string, found: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: ${left}, expected ${right}`);
}
