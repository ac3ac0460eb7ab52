import type { EachBatchPayload, KafkaMessage } from "kafkajs";
import type { Log } from "../../../log.ts";
import { counter } from "../../../metrics.ts";
import type { BatchHandler, ConsumerLife } from "../handle-batch.ts";
import { whileBeating } from "../heartbeat.ts";
import { toPublishFault } from "../publish-faults.ts";
import { createTryLater } from "../try-later.ts";
import { tellsOfRuns } from "./choose-topics.ts";
import type { CopyWriter, ReadMessage } from "./copy-writer.ts";
import { type Place, toCopy, toSaid } from "./enrich-message.ts";
import type { TraceFrom, Traces } from "./traces.ts";

const copied = counter("enricher_copies_total", "Events that were copied, by where their trace is from", ["trace"]);
const leftOut = counter("enricher_left_out_total", "Events that have no copy, because no broker takes one", []);

interface CopyParams {
  group: string;
  log: Log;
  traces: Traces;
  writer: CopyWriter;
  /** Whether a topic is copied, and not only learned from. */
  isCopied(topic: string): boolean;
}

interface Enriched extends ReadMessage {
  from: TraceFrom;
}

/** Copies the messages of a partition, one batch in one transaction. A batch that fails waits, and begins again. */
export function createCopyBatches(params: CopyParams, life: ConsumerLife): BatchHandler {
  const later = createTryLater(params);
  return {
    async handle(payload: EachBatchPayload) {
      const { batch, heartbeat, isRunning, isStale, resolveOffset } = payload;
      const { topic, partition, messages } = batch;
      if (life.closing || !isRunning() || isStale()) return;
      // Who was frozen hears here that others have its partitions, before it shuts them out.
      await heartbeat();
      try {
        await whileBeating(heartbeat, () => copy({ topic, partition }, messages, params));
      } catch (error) {
        return later.wait(payload, error);
      }
      life.heardAt = performance.now();
      later.worked(topic, partition);
      const last = messages.at(-1);
      if (last !== undefined) resolveOffset(last.offset);
    },
    close: later.close,
  };
}

async function copy(place: Place, messages: readonly KafkaMessage[], params: CopyParams): Promise<void> {
  const { traces, isCopied } = params;
  const isWanted = isCopied(place.topic);
  const learns = tellsOfRuns(place.topic);
  const enriched = messages.map((message): Enriched => {
    const said = toSaid(place, message);
    if (learns) traces.learn(said);
    const found = traces.find(said);
    return { offset: message.offset, from: found.from, copy: isWanted ? toCopy(place, message, found) : undefined };
  });
  await write(place, enriched, params);
}

/** All together; each by itself when a broker refuses one of them, and without the one that is refused alone as well. */
async function write(place: Place, messages: readonly Enriched[], params: CopyParams): Promise<void> {
  try {
    await params.writer.write(place, messages);
    for (const { copy, from } of messages) if (copy !== undefined) copied.inc({ trace: from });
  } catch (error) {
    const { about, reason } = toPublishFault(error);
    if (about !== "record") throw error;
    if (messages.length > 1) {
      for (const each of messages) await write(place, [each], params);
      return;
    }
    const [refused] = messages;
    if (refused === undefined) throw error;
    await params.writer.write(place, [{ ...refused, copy: undefined }]);
    leftOut.inc();
    const { offset } = refused;
    params.log.error({ ...place, offset, reason }, "an event has no copy, since no broker takes one");
  }
}
