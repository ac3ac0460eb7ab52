/**
 * How long a start takes, and how long from `sendMessage` to the answer, with the scripted model. Prints one JSON object.
 *
 *   node_modules/.bin/node tests/load/answer-latency.ts [messages, 200 when left out]
 */
import { createProduct } from "../system/product.ts";

const messages = Number(process.argv[2] ?? 200);
if (!Number.isInteger(messages) || messages < 1 || messages > 10_000)
  throw new Error(`"${process.argv[2]}" is not a number of messages, 1 to 10000`);

const product = await createProduct();
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};
const round = (ms: number): number => Math.round(ms * 10) / 10;

try {
  const coldMs = await timed(() => product.start());
  await product.stop();
  const warmMs = await timed(() => product.start());
  await product.kill();
  const afterKillMs = await timed(() => product.start());
  const latencies: number[] = [];
  for (let i = 0; i < messages; i += 1)
    latencies.push(await timed(async () => product.ended(await product.send(`What is ${i}*12?`))));
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    round(latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0);
  console.log(
    JSON.stringify({
      startMs: { cold: round(coldMs), warm: round(warmMs), afterKill: round(afterKillMs) },
      messages,
      answerMs: { p50: at(0.5), p95: at(0.95), max: at(1) },
      poll: "the end is looked for every 15 ms",
    }),
  );
} finally {
  await product.close();
}
