/**
 * How long what a model says takes to its reader: from when a stand-in of a server writes a chunk until a client of the
 * gateway has the frame with it, of so many streams at once; and what is on the heap of the product while one stream says
 * what a model says in an hour at 50 chunks a second, as fast as it is taken. Prints one JSON object. Ends with exit code 1
 * where a chunk is lost, where the p95 of at most twenty streams is above 100 ms, and where the heap grows with the stream.
 *
 *   node_modules/.bin/node tests/load/streams.ts [streams, 20 when left out] [seconds, 20 when left out]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readRuntime } from "@soma/cli/data-folder";
import { payloadOf } from "@soma/schemas/run-history";
import { until } from "@soma/shared/testing/until";
import { createProduct, type ProductUnderTest } from "../system/product.ts";
import { startStreamingModel } from "./streaming-model.ts";

const streams = count(process.argv[2], { what: "streams", without: 20, most: 200 });
const seconds = count(process.argv[3], { what: "seconds", without: 20, most: 3_600 });
const CHUNKS_PER_SECOND = 50;
const HOUR_OF_CHUNKS = 3_600 * CHUNKS_PER_SECOND;
/** An answer has a megabyte at most: five bytes to a chunk, as of tokens of English. */
const HOUR_CHUNK = "word ";
const LOOKS = 10;
/** Milliseconds within which 95 of 100 chunks are with their reader, of as many streams as that is promised for. */
const MOST_P95_MS = 100;
const PROMISED_STREAMS = 20;
/** Of the heap after the second tenth: what a stream needs at all is there by then. */
const MOST_GROWTH = 1.15;

function count(text: string | undefined, { what, without, most }: { what: string; without: number; most: number }) {
  const number = Number(text ?? without);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw new Error(`"${text}" is not a number of ${what}, 1 to ${most}`);
  return number;
}

const nowMs = (): number => performance.timeOrigin + performance.now();

/** Chunks that say when they were written, in thousandths of a millisecond. */
async function* clockChunks(): AsyncGenerator<string> {
  const begun = nowMs();
  for (let n = 1; n <= seconds * CHUNKS_PER_SECOND; n += 1) {
    await sleep(Math.max(0, begun + (n * 1_000) / CHUNKS_PER_SECOND - nowMs()));
    yield `${Math.round(nowMs() * 1_000)} `;
  }
}

/** Milliseconds that a chunk of a run was on its way, and those of them until it left with others in a frame. */
interface Way {
  whole: number;
  gathered: number;
}

async function waysOf(product: ProductUnderTest, runId: string): Promise<Way[][]> {
  const frames: Way[][] = [];
  for await (const event of product.client().runEvents({ runId, afterSeq: 0 })) {
    if (event.type !== "STREAM_DATA") continue;
    const at = nowMs();
    const left = Date.parse(event.at);
    const { data } = payloadOf("STREAM_DATA", event.payload as never);
    const chunks = data.trim().split(" ");
    frames.push(
      chunks.map((written) => Number(written) / 1_000).map((ms) => ({ whole: at - ms, gathered: left - ms })),
    );
  }
  return frames;
}

async function measureLatency(product: ProductUnderTest) {
  const runs = await Promise.all(Array.from({ length: streams }, () => product.send("Say something")));
  const frames = (await Promise.all(runs.map((runId) => waysOf(product, runId)))).flat();
  const all = frames.flat();
  const missing = streams * seconds * CHUNKS_PER_SECOND - all.length;
  const framesPerSecond = Math.round((frames.length / streams / seconds) * 10) / 10;
  return {
    ...{ streams, chunksPerSecond: CHUNKS_PER_SECOND, seconds, chunks: all.length, missing, framesPerSecond },
    ms: percentiles(all.map(({ whole }) => whole)),
    gatheredMs: percentiles(all.map(({ gathered }) => gathered)),
  };
}

function percentiles(all: readonly number[]) {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** The heap at each tenth of an hour's chunks, in megabytes; the stream stands still while it is looked at. */
async function measureHeap(product: ProductUnderTest, looks: (() => Promise<void>)[]) {
  const pid = (await readRuntime(product.dataDir))?.pid ?? 0;
  const heapMb: number[] = [];
  const look = async (): Promise<void> => {
    const seen = product.output().split("heap-used ").length;
    process.kill(pid, "SIGUSR2");
    await until("the heap is told", async () => product.output().split("heap-used ").length > seen);
    heapMb.push(Math.round((Number.parseInt(product.output().split("heap-used ").at(-1) ?? "", 10) / 1e6) * 10) / 10);
  };
  looks.push(look);
  const begun = performance.now();
  const runId = await product.send("Say something long");
  let bytes = 0;
  for await (const event of product.client().runEvents({ runId, afterSeq: 0 }))
    if (event.type === "STREAM_DATA") bytes += payloadOf("STREAM_DATA", event.payload as never).data.length;
  const { status } = await product.ended(runId);
  const took = Math.round((performance.now() - begun) / 100) / 10;
  await look();
  return { chunks: HOUR_OF_CHUNKS, bytes, status, seconds: took, heapMbAtEachTenth: heapMb };
}

/** What was measured and is not as it should be. */
function faultsOf(
  { ms: { p95 }, missing }: Awaited<ReturnType<typeof measureLatency>>,
  { status, heapMbAtEachTenth }: Awaited<ReturnType<typeof measureHeap>>,
): string[] {
  const [, , second = 0] = heapMbAtEachTenth;
  const last = heapMbAtEachTenth.at(-1) ?? Number.POSITIVE_INFINITY;
  return [
    ...(missing === 0 ? [] : [`${missing} chunks are missing`]),
    ...(streams > PROMISED_STREAMS || p95 <= MOST_P95_MS ? [] : [`p95 is ${p95} ms, above ${MOST_P95_MS}`]),
    ...(status === "SUCCEEDED" ? [] : [`the long answer ended as ${status}`]),
    ...(last <= second * MOST_GROWTH ? [] : [`the heap went from ${second} MB after two tenths to ${last} MB`]),
  ];
}

const looks: (() => Promise<void>)[] = [];
async function* hourChunks(): AsyncGenerator<string> {
  for (let n = 0; n < HOUR_OF_CHUNKS; n += 1) {
    if (n % (HOUR_OF_CHUNKS / LOOKS) === 0) await looks[0]?.();
    yield HOUR_CHUNK;
  }
}

const model = await startStreamingModel(() => (looks.length === 0 ? clockChunks() : hourChunks()));
const product = await createProduct();
try {
  const tellHeap = fileURLToPath(new URL("./tell-heap.ts", import.meta.url));
  await product.start({ SOMA_MODEL_BASE_URL: model.baseUrl, NODE_OPTIONS: `--import=${tellHeap}` });
  const latency = await measureLatency(product);
  const hour = await measureHeap(product, looks);
  const faults = faultsOf(latency, hour);
  console.log(JSON.stringify({ latency, hour, faults }));
  if (faults.length > 0) process.exitCode = 1;
} finally {
  await product.close();
  model.close();
}
