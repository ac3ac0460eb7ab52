/**
 * What the relay of an outbox costs and how fast it is, with a broker and a database of its own: events of a second from their
 * commit to a consumer beside what the client of Kafka alone sends in the same run, statements for each event, how long one
 * takes while there is nothing else, and the same of a relay that skips locked rows, with how many it puts out of order.
 *
 *   node_modules/.bin/node tests/load/relay.ts [events, 20000 when left out] [of how many more one relay of ours is measured too]
 */
import { fileURLToPath } from "node:url";
import { measureBare, measureIdle, measureInbox, measurePath, type Path } from "./relay/measure.ts";
import { type Stage, startStage } from "./relay/stage.ts";

process.once("SIGTERM", () => process.exit(1));

const [events = 20_000, ...others] = process.argv.slice(2).map(Number);
const ROUNDS = 3;
const IDLE_TIMES = 20;
const SKIP_LOCKED = fileURLToPath(new URL("relay/skip-locked.ts", import.meta.url));

interface Contender {
  name: string;
  relays: number;
  program?: string;
  skipsLocked?: boolean;
}

const CONTENDERS: Contender[] = [
  ...[1, 3].map((relays) => ({ name: `${relays} of ours`, relays })),
  ...[1, 3].map((relays) => ({
    name: `${relays} that skip locked rows`,
    relays,
    program: SKIP_LOCKED,
    skipsLocked: true,
  })),
];

/** The client alone and every contender in turn, and of each the middle of its rounds. */
async function compare(stage: Stage, count: number, contenders: readonly Contender[]): Promise<void> {
  const bare: number[] = [];
  const found = new Map(contenders.map(({ name }) => [name, [] as (Path & { share: number })[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    const alone = await measureBare(stage, count);
    bare.push(alone);
    for (const { name, ...contender } of contenders) {
      const path = await measurePath(stage, { events: count, ...contender });
      found.get(name)?.push({ ...path, share: path.eventsPerS / alone });
    }
  }
  console.log(`${count} events; the client alone: ${middleOf(bare).toFixed(0)} events/s`);
  console.log("| relays | events/s | of the client alone | statements per event | out of order |");
  console.log("|---|---|---|---|---|");
  for (const [name, paths] of found) {
    const of = (figure: keyof Path | "share"): number => middleOf(paths.map((path) => path[figure]));
    const [perS, share, statements] = [
      of("eventsPerS").toFixed(0),
      of("share").toFixed(2),
      of("statements").toFixed(4),
    ];
    console.log(`| ${name} | ${perS} | ${share} | ${statements} | ${of("disordered")} |`);
  }
}

const middleOf = (figures: number[]): number => figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? 0;

const stage = await startStage();
try {
  for (const where of ["here", "elsewhere"] as const) {
    const idle = await measureIdle(stage, IDLE_TIMES, where);
    const at = (share: number): string => (idle[Math.floor(share * (idle.length - 1))] ?? 0).toFixed(1);
    const process = where === "here" ? "the process that commits" : "another process";
    console.log(`idle to consumer, by a relay in ${process}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, of ${IDLE_TIMES}`);
  }
  console.log(`to a consumer with an inbox: ${(await measureInbox(stage, events / 4)).toFixed(0)} events/s`);
  // The first one warms the broker.
  await measureBare(stage, events);
  await compare(stage, events, CONTENDERS);
  for (const count of others) await compare(stage, count, CONTENDERS.slice(0, 1));
} finally {
  await stage.close();
}
