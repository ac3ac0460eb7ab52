import { hash } from "node:crypto";
import { payloadOf, type RunHistory, type StreamFramePayload, type StreamStatus } from "@soma/schemas/run-history";
import type { StreamWriter } from "@soma/sdk/node";
import { SomaError } from "@soma/shared/errors";
import { toStorableText } from "@soma/shared/json";
import { COALESCE_BYTES, COALESCE_MS, splitFrames } from "@soma/shared/stream-frames/split-frames";
import type { HistoryEvent } from "../../domain/history.ts";

interface OpenStream {
  seq: number;
  data: string;
  /** When its last frame left, by the clock that only goes forward; left out before the first of this attempt. */
  leftAt?: number;
}

/** Streams of a step as its earlier attempts left them. */
export interface EarlierStreams {
  open: Map<string, OpenStream>;
  ended: Set<string>;
}

/** Writes one entry of a stream. */
export type AppendFrame = (entry: StreamEntry) => void;
type StreamEntry = { [K in "STREAM_START" | "STREAM_DATA" | "STREAM_END"]: { kind: K; payload: RunHistory[K] } }[
  | "STREAM_START"
  | "STREAM_DATA"
  | "STREAM_END"];

/**
 * Writes frames of one step into the history: exactly one end for every start. Streams that an earlier attempt left open
 * are known from the replay, so that a copy goes on where it stopped and what stays open can be closed.
 */
export class StepStreams implements StreamWriter {
  readonly #append: AppendFrame;
  readonly #open: Map<string, OpenStream>;
  readonly #ended: Set<string>;
  readonly #waiting = new Map<string, { text: string; timer: NodeJS.Timeout }>();
  #isOver = false;

  constructor(append: AppendFrame, earlier: EarlierStreams) {
    this.#append = append;
    this.#open = earlier.open;
    this.#ended = earlier.ended;
  }

  start(params: { stream: string; tool?: string; callId: string; contentType: string }): void {
    if (this.#isOver) return;
    const { stream, tool = null, callId, contentType } = params;
    if (this.#open.has(stream) || this.#ended.has(stream))
      throw new SomaError(
        "BAD_INPUT",
        `stream ${stream} was started already; each attempt, and each call of a step that parked, names its own`,
      );
    this.#open.set(stream, { seq: 0, data: "" });
    this.#append({
      kind: "STREAM_START",
      payload: { delim: "start", stream, seq: 0, tool, call_id: callId, content_type: contentType },
    });
  }

  data(stream: string, text: string): void {
    if (this.#isOver) return;
    const waiting = this.#waiting.get(stream) ?? {
      text: "",
      timer: setTimeout(() => this.#flush(stream), this.#waitMs(stream)),
    };
    waiting.text += text;
    this.#waiting.set(stream, waiting);
    if (Buffer.byteLength(waiting.text) >= COALESCE_BYTES) this.#flush(stream);
  }

  end(stream: string, status: StreamStatus): void {
    this.#flush(stream);
    const open = this.#open.get(stream);
    if (open === undefined) return;
    this.#open.delete(stream);
    this.#ended.add(stream);
    this.#append({
      kind: "STREAM_END",
      payload: {
        delim: "end",
        stream,
        seq: open.seq + 1,
        status,
        bytes: Buffer.byteLength(open.data),
        sha256: hash("sha256", open.data, "hex"),
      },
    });
  }

  copy(frame: StreamFramePayload): void {
    if (this.#isOver || this.#ended.has(frame.stream)) return;
    const open = this.#open.get(frame.stream);
    if (open === undefined) {
      if ("delim" in frame && frame.delim === "start")
        this.start({
          stream: frame.stream,
          callId: frame.call_id,
          contentType: frame.content_type,
          ...(frame.tool === null ? {} : { tool: frame.tool }),
        });
      return;
    }
    if (frame.seq <= open.seq) return;
    if ("data" in frame) this.#write(frame.stream, frame.data);
    else if (frame.delim === "end") this.end(frame.stream, frame.status);
  }

  /** Ends every stream that is still open; a step that is over has none. */
  closeAll(status: StreamStatus): void {
    for (const stream of [...this.#open.keys()]) this.end(stream, status);
  }

  /**
   * Ends every stream with the attempt: who does not hear that its time is over says nothing more, which would stand in
   * the history after the step.
   */
  finish(status: StreamStatus): void {
    this.closeAll(status);
    this.#isOver = true;
  }

  /** Writes what waits to be written with more, and nothing after it; what is open stays so for who goes on. */
  rest(): void {
    for (const stream of [...this.#waiting.keys()]) this.#flush(stream);
    this.#isOver = true;
  }

  /** Text gathers while its stream has just said something: what comes after a silence is not held up. */
  #waitMs(stream: string): number {
    const leftAt = this.#open.get(stream)?.leftAt ?? Number.NEGATIVE_INFINITY;
    return performance.now() - leftAt >= COALESCE_MS ? 0 : COALESCE_MS;
  }

  #flush(stream: string): void {
    const waiting = this.#waiting.get(stream);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(stream);
    if (waiting.text !== "") this.#write(stream, waiting.text);
  }

  #write(stream: string, text: string): void {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    open.leftAt = performance.now();
    for (const data of splitFrames(toStorableText(text))) {
      open.seq += 1;
      open.data += data;
      this.#append({ kind: "STREAM_DATA", payload: { stream, seq: open.seq, data } });
    }
  }
}

/** Takes one more event of a step's streams. */
export function followStream({ open, ended }: EarlierStreams, event: HistoryEvent): void {
  if (event.kind === "STREAM_START") open.set(payloadOf(event.kind, event.payload).stream, { seq: 0, data: "" });
  if (event.kind === "STREAM_DATA") {
    const { stream, seq, data } = payloadOf(event.kind, event.payload);
    const known = open.get(stream);
    if (known !== undefined) open.set(stream, { seq, data: known.data + data });
  }
  if (event.kind === "STREAM_END") {
    const { stream } = payloadOf(event.kind, event.payload);
    open.delete(stream);
    ended.add(stream);
  }
}
