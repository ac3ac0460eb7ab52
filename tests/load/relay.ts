/**
 * What the relay of an outbox costs and how fast it is, with a broker and a database of its own: events of a second from their
 * commit to a consumer beside what the client of Kafka alone sends in the same run, statements for each event, how long one
 * takes while there is nothing else, and the same of a relay that skips locked rows, with how many it puts out of order.
 *
 *   node_modules/.bin/node tests/load/relay.ts [events, 20000 when left out]
 */
import { fileURLToPath } from "node:url";
import { measureBare, measureIdle, measureInbox, measurePath, type Path } from "./relay/measure.ts";
import { startStage } from "./relay/stage.ts";

process.once("SIGTERM", () => process.exit(1));

const events = Number(process.argv[2] ?? 20_000);
const IDLE_TIMES = 20;
const SKIP_LOCKED = fileURLToPath(new URL("relay/skip-locked.ts", import.meta.url));

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
  const bare = await measureBare(stage, events);
  console.log(`the client alone: ${bare.toFixed(0)} events/s`);
  console.log("| relays | events/s | of the client alone | statements per event | out of order |");
  console.log("|---|---|---|---|---|");
  const tell = (name: string, { eventsPerS, statements, disordered }: Path): void =>
    console.log(
      `| ${name} | ${eventsPerS.toFixed(0)} | ${(eventsPerS / bare).toFixed(2)} | ${statements.toFixed(4)} | ${disordered} |`,
    );
  for (const relays of [1, 3]) tell(`${relays} of ours`, await measurePath(stage, { events, relays }));
  for (const relays of [1, 3])
    tell(
      `${relays} that skip locked rows`,
      await measurePath(stage, { events, relays, program: SKIP_LOCKED, skipsLocked: true }),
    );
} finally {
  await stage.close();
}
