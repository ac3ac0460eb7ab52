/**
 * What hints between processes cost those who write, and how long one takes: by NOTIFY on connections of their own, as ours, by
 * NOTIFY inside the commits that they are about, and by a Redis. Each way hints as often as eight processes do at most.
 *
 *   node_modules/.bin/node tests/load/hints.ts [seconds for each way, 5 when left out]
 */
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startTestRedis } from "@soma/local/test-redis";
import { connect } from "@soma/shared/postgres/connect";
import { createTestDatabase, type TestDatabase } from "@soma/shared/testing/database";
import { startMeasuredServer } from "./engine/server.ts";

const seconds = Number(process.argv[2] ?? 5);
const WRITERS = 16;
const HINTERS = 8;
/** As long as a process of ours gathers what it hints. */
const GATHER_MS = 10;
const CHANNEL = "hints";

/** When each hint was said is what it says: one process both says and hears it. */
type Hint = (saidAt: string) => Promise<unknown>;

interface Way {
  name: string;
  /** By whom nobody hints but who writes, when left out. */
  hint?: Hint;
  write: (saidAt: string) => Promise<unknown>;
}

async function measure({ name, hint, write }: Way, heard: number[]): Promise<string> {
  const end = performance.now() + seconds * 1_000;
  let commits = 0;
  heard.length = 0;
  const writing = Array.from({ length: WRITERS }, async () => {
    while (performance.now() < end) {
      await write(String(performance.now()));
      commits += 1;
    }
  });
  const hinting = Array.from({ length: hint === undefined ? 0 : HINTERS }, async () => {
    while (performance.now() < end) {
      await Promise.all([hint?.(String(performance.now())), sleep(GATHER_MS)]);
    }
  });
  await Promise.all([...writing, ...hinting]);
  const sorted = heard.toSorted((a, b) => a - b);
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(1) ?? "";
  const perS = [commits, heard.length].map((count) => (count / seconds).toFixed(0));
  return `| ${name} | ${perS[0]} | ${perS[1]} | ${at(0.5)} | ${at(0.95)} |`;
}

async function measureAll(database: TestDatabase, redisUrl: string): Promise<void> {
  const open = (max: number) =>
    connect({ url: database.urls.worker, schema: database.schema, applicationName: "hints", max });
  const [writers, hinters] = [open(WRITERS), open(HINTERS)];
  const redis = await Promise.all([connectTo(redisUrl), connectTo(redisUrl)]);
  const heard: number[] = [];
  const hear = (saidAt: string): void => void heard.push(performance.now() - Number(saidAt));
  const listening = await hinters.listen(CHANNEL, hear);
  hearRedis(redis[0], hear);
  const insert: Hint = () => writers`insert into written default values`;
  const ways: Way[] = [
    { name: "no hints", write: insert },
    { name: "NOTIFY on connections of their own", write: insert, hint: (saidAt) => hinters.notify(CHANNEL, saidAt) },
    {
      name: "NOTIFY inside the commits",
      write: (saidAt) =>
        writers`with written as (insert into written default values) select pg_notify(${CHANNEL}, ${saidAt})`,
    },
    { name: "Redis", write: insert, hint: async (saidAt) => say(redis[1], ["PUBLISH", CHANNEL, saidAt]) },
  ];
  console.log("| hints | commits/s | hints heard/s | p50 ms | p95 ms |\n|---|---|---|---|---|");
  // The first round warms what is under it.
  await measure({ name: "", write: insert }, heard);
  for (const way of ways) console.log(await measure(way, heard));
  await listening.unlisten();
  for (const socket of redis) socket.destroy();
  await Promise.all([writers.end(), hinters.end()]);
}

async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname).setNoDelay(true);
  await once(socket, "connect");
  return socket.resume();
}

function say(socket: Socket, words: readonly string[]): void {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.write(`*${words.length}\r\n${parts.join("")}`);
}

function hearRedis(socket: Socket, hear: (saidAt: string) => void): void {
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    const messages = [...text.matchAll(/message\r\n\$\d+\r\n[^\r]*\r\n\$\d+\r\n([^\r]*)\r\n/g)];
    for (const [, saidAt = ""] of messages) hear(saidAt);
    const last = messages.at(-1);
    if (last !== undefined) text = text.slice(last.index + last[0].length);
  });
  say(socket, ["SUBSCRIBE", CHANNEL]);
}

const server = await startMeasuredServer();
process.env.SOMA_TEST_DATABASE_URL = server.url;
const database = await createTestDatabase("hints", []);
const redis = await startTestRedis();
try {
  await database.owner`create table written (id bigint generated always as identity primary key)`;
  await database.owner`grant insert on written to soma_worker`;
  await measureAll(database, redis.url);
} finally {
  await redis.stop();
  await database.close();
  await server.stop();
}
