import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type BreakableProxy, createBreakableProxy } from "./breakable-proxy.ts";
import { equal, refused, until, type World, within } from "./world.ts";

type Story = (world: World) => Promise<void>;

/** Bytes between two cuts; 3 takes about a minute and a half. */
const STEP = Number(process.env.STEP ?? 31);

/** A pool whose sockets the story holds, so that it can end them between two turns of the event loop. */
async function poolWithSockets(world: World, max: number) {
  const { hostname, port } = new URL(world.url);
  const sockets: Socket[] = [];
  const sql = world.pool({
    max,
    connect_timeout: 2,
    // Not in the driver's types: a function that gives a connected socket.
    ...{
      socket: async () => {
        const socket = connectSocket(Number(port), hostname);
        await once(socket, "connect");
        sockets.push(socket);
        return socket;
      },
    },
  });
  await Promise.all(Array.from({ length: max }, () => sql`select pg_sleep(0.05)`));
  return { sql, sockets };
}

async function withProxy(world: World, tell: (proxy: BreakableProxy) => Promise<void>): Promise<void> {
  const proxy = await createBreakableProxy(world.url);
  await tell(proxy);
  await proxy.close();
}

/** What `pg_terminate_backend` makes the server say. */
const TERMINATED = Buffer.concat([
  Buffer.from("E\0\0\0\x5a"),
  Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0Fpostgres.c\0\0"),
]);
TERMINATED.writeInt32BE(TERMINATED.length - 1, 1);

/** Stories of the driver alone: each ends well with the patched one, and none with the one that is published. */
export const DRIVER_STORIES: Readonly<Record<string, Story>> = {
  async "a reserved connection that was lost refuses, and its slot serves again"(world) {
    const sql = world.pool({ max: 1 });
    for (let round = 0; round < 5; round += 1) {
      const held = await within("reserve", sql.reserve());
      await held`select 1`;
      await world.kill();
      await refused("a statement", held`select 1`);
      await refused("a commit", held.unsafe("commit"));
      held.release();
      held.release();
      const again = await within("reserve again", sql.reserve());
      await within("a statement", again`select 1`);
      again.release();
    }
  },

  async "a reserved connection lost with a statement in flight and others behind it"(world) {
    const sql = world.pool({ max: 1 });
    const held = await sql.reserve();
    const all = [
      held`select pg_sleep(30)`,
      held`select 1`,
      held`select ${"x".repeat(2_000_000)}::text`,
      held`select 2`,
    ];
    const ends = all.map((each, i) => refused(`statement ${i}`, each));
    await sleep(50);
    await world.kill();
    await Promise.all(ends);
    held.release();
    await within("the pool", sql`select 1`);
  },

  async "a lost transaction writes nothing into the one that has its connection now"(world) {
    const sql = world.pool({ max: 1 });
    const first = await sql.reserve();
    await first.unsafe("begin");
    await first.unsafe(`insert into ${world.name} values ('first')`);
    await world.kill();
    const second = await within("reserve", sql.reserve());
    await second.unsafe("begin");
    await refused("an insert of the lost one", first.unsafe(`insert into ${world.name} values ('stray')`));
    await refused("its commit", first.unsafe("commit"));
    first.release();
    await within("the second one's insert", second.unsafe(`insert into ${world.name} values ('second')`));
    await second.unsafe("rollback");
    second.release();
    equal("rows", [...(await world.admin.unsafe(`select word from ${world.name}`))], []);
  },

  async "whoever waits for a connection gets one after the loss"(world) {
    const sql = world.pool({ max: 2 });
    const held = [await sql.reserve(), await sql.reserve()];
    const waiting = Array.from({ length: 6 }, (_, i) =>
      within(`waiting ${i}`, sql.reserve()).then(async (each) => {
        await each`select 1`;
        each.release();
      }),
    );
    await world.kill();
    for (const each of held) each.release();
    await Promise.all(waiting);
  },

  async "connections that end together, with callers that try again at once"(world) {
    const { sql, sockets } = await poolWithSockets(world, 4);
    for (let round = 0; round < 10; round += 1) {
      // Three to a connection: the closed one takes the first that tries again, and one that is about to close the next.
      const callers = Array.from({ length: 12 }, async () => {
        await sql`select pg_sleep(30)`.catch(() => {});
        for (let tries = 0; tries < 20; tries += 1) {
          const done = await sql`select 1`.then(
            () => true,
            () => false,
          );
          if (done) return;
        }
        throw new Error("20 tries failed");
      });
      await sleep(50);
      for (const socket of sockets.splice(0)) socket.destroy();
      await within(`round ${round}`, Promise.all(callers));
    }
  },

  async "a statement between the error of a socket and its close"(world) {
    const { sql, sockets } = await poolWithSockets(world, 1);
    const caller = sql`select pg_sleep(30)`.catch(() => sql`select 1`.catch(() => {}));
    await sleep(50);
    sockets[0]?.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
    await within("it", caller);
    await within("the pool", sql`select 1`);
  },

  async "a connection that ends while the driver asks for array types"(world) {
    await withProxy(world, async (proxy) => {
      let once = true;
      proxy.intercept((chunk, client) => {
        if (!once || !chunk.includes("pg_catalog.pg_type")) return false;
        once = false;
        client.end(TERMINATED);
        return true;
      });
      const sql = world.pool({ max: 1 }, proxy.url);
      await refused("the statement that it was opened for", sql`select 1`);
      const [row] = await within("the next one", sql`select ${[1, 2]}::int[] as numbers`);
      equal("numbers", row?.numbers, [1, 2]);
    });
  },

  async "a server that takes connections and closes them is told to the caller"(world) {
    let attempts = 0;
    const server = createServer((socket) => {
      attempts += 1;
      socket.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const sql = world.pool({ max: 1 }, `postgres://a:b@127.0.0.1:${(server.address() as AddressInfo).port}/c`);
    await refused("a statement", sql`select 1`);
    await refused("a reservation", sql.reserve());
    if (attempts > 4) throw new Error(`${attempts} attempts for two callers`);
    server.close();
  },

  async "a listener hears again, and can be taken away afterwards"(world) {
    const sql = world.pool({ max: 1 });
    const heard: string[] = [];
    const listening = await sql.listen(world.name, (word) => heard.push(word));
    for (let round = 0; round < 5; round += 1) {
      // The connection of listeners ends without telling the pool's owner.
      await world.admin`select pg_terminate_backend(pid, 2000) from pg_stat_activity where application_name = ${world.name}`;
      for (let tries = 0; tries < 100 && !heard.includes(`round ${round}`); tries += 1) {
        await world.admin.notify(world.name, `round ${round}`);
        await sleep(20);
      }
      if (!heard.includes(`round ${round}`)) throw new Error(`nothing was heard after loss ${round}`);
    }
    await within("unlisten", listening.unlisten());
    heard.length = 0;
    await world.admin.notify(world.name, "late");
    await sleep(100);
    equal("heard after the end", heard, []);
  },

  async "a pool that is ended while it connects again stays ended"(world) {
    await withProxy(world, async (proxy) => {
      const sql = world.pool({ max: 1, backoff: () => 0.3 }, proxy.url);
      await sql`select 1`;
      await proxy.refuse();
      await refused("a statement", sql`select 1`);
      const waiting = refused("one that waits", sql`select 1`);
      await sleep(20);
      await within("end", sql.end({ timeout: 0 }));
      await waiting;
      const before = proxy.attempts();
      await proxy.accept();
      await sleep(600);
      equal("connections after the end", proxy.attempts() - before, 0);
    });
  },

  async "the end of a pool does not wait for a connection that was lost"(world) {
    const sql = world.pool({ max: 2 });
    const held = await sql.reserve();
    const sleeping = refused("a statement in flight", sql`select pg_sleep(30)`);
    await sleep(50);
    const ending = within("end", sql.end());
    await sleep(20);
    await world.kill();
    await sleeping;
    held.release();
    await ending;
  },

  async "a list of hosts is gone through once"(world) {
    const { hostname, port } = new URL(world.url);
    const nobody = createServer();
    nobody.listen(0, hostname);
    await once(nobody, "listening");
    const closed = (nobody.address() as AddressInfo).port;
    nobody.close();
    await once(nobody, "close");
    const hosts = (...ports: number[]): string =>
      world.url.replace(`${hostname}:${port}`, ports.map((each) => `${hostname}:${each}`).join(","));
    const second = world.pool({ max: 1 }, hosts(closed, Number(port)));
    await within("the second host", second`select 1`);
    const none = world.pool({ max: 1 }, hosts(closed, closed));
    await refused("two hosts that refuse", none`select 1`);
    await refused("the same again", none.reserve());
  },

  async "a cursor fails with the connection"(world) {
    const sql = world.pool({ max: 1 });
    const read = sql`select generate_series(1, 1000)`.cursor(10, async () => {
      await world.kill();
    });
    await refused("the cursor", read);
    await within("the pool", sql`select 1`);
  },

  async "a server that talks nonsense while one signs in is told to the caller"(world) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(Buffer.from("R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", "latin1"));
        socket.once("data", () => socket.write(Buffer.from("R\0\0\0\x0b\0\0\0\x0bx=y", "latin1")));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const sql = world.pool({ max: 1 }, `postgres://a:b@127.0.0.1:${(server.address() as AddressInfo).port}/c`);
    await refused("a statement", sql`select 1`);
    server.close();
  },

  async "a copy into a table fails with the connection"(world) {
    const sql = world.pool({ max: 1 });
    const stream = await sql.unsafe(`copy ${world.name} from stdin`).writable();
    let failed = false;
    stream.on("error", () => {
      failed = true;
    });
    stream.write("one\n");
    await world.kill();
    stream.write("two\n");
    stream.end("three\n");
    await until("the stream failed", () => failed);
    await within("the pool", sql`select 1`);
  },

  async "connections cut after each few bytes from the server"(world) {
    await withProxy(world, async (proxy) => {
      let cuts = 0;
      for (const how of ["close", "reset"] as const)
        for (let bytes = 0; bytes < 5_000; bytes += bytes < 900 ? STEP : 10 * STEP) {
          const sql = world.pool({ max: 2, connect_timeout: 2 }, proxy.url);
          proxy.cutAfter(bytes, how);
          const transaction = async (): Promise<void> => {
            const held = await sql.reserve();
            await held.unsafe("begin").catch(() => {});
            await Promise.all([held`select 1`.catch(() => {}), held`select ${"text"}::text`.catch(() => {})]);
            await held.unsafe("commit").catch(() => {});
            held.release();
          };
          const all = [sql`select ${1}::int`, transaction(), sql`select 2`, transaction()];
          await within(`cut by ${how} after ${bytes} bytes`, Promise.allSettled(all));
          proxy.cutAfter(undefined, how);
          for (let i = 0; i < 3; i += 1)
            await within(
              `statement ${i} after a cut by ${how} after ${bytes} bytes`,
              tried(() => sql`select 1`),
            );
          await within(`transaction after a cut by ${how} after ${bytes} bytes`, tried(transaction));
          await within("end", sql.end({ timeout: 1 }));
          cuts += 1;
        }
      console.log(`${cuts} cuts`);
    });
  },
};

/** What was still under way to a cut connection may fail once for each of the pool; then it has to work. */
async function tried(work: () => PromiseLike<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries >= 3) throw error;
    }
  }
}
