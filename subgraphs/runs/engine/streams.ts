import { hash } from "node:crypto";
import { toStorableText } from "@soma/shared/json";
import type { HistoryEvent } from "../domain/history.ts";

/** How a stream ended; INTERRUPTED when its writer died. */
export type StreamStatus = "OK" | "ERROR" | "TIMEOUT" | "DENIED" | "CANCELED" | "TRUNCATED" | "INTERRUPTED";

/** A frame as it stands in the history; the field names are the wire format of docs/messaging. */
export type Frame =
  | { delim: "start"; stream: string; seq: number; tool: string | null; call_id: string; content_type: string }
  | { stream: string; seq: number; data: string }
  | { delim: "end"; stream: string; seq: number; status: StreamStatus; bytes: number; sha256: string };

interface OpenStream {
  seq: number;
  data: string;
}

export interface StreamWriter {
  start(params: { stream: string; tool?: string; callId: string; contentType: string }): void;
  data(stream: string, text: string): void;
  end(stream: string, status: StreamStatus): void;
  /** Copies a frame of another subgraph; one that the history has already is left out. */
  copy(frame: Frame): void;
}

const MAX_FRAME_BYTES = 16_384;
/** Text is gathered until it is this much or this old. */
const COALESCE_BYTES = 1_024;
const COALESCE_MS = 50;

/**
 * Writes frames of one step into the history: exactly one end for every start. Streams that an earlier attempt left open
 * are known from the replay, so that a copy goes on where it stopped and what stays open can be closed.
 */
export class StepStreams implements StreamWriter {
  readonly #append: (kind: "STREAM_START" | "STREAM_DATA" | "STREAM_END", frame: Frame) => void;
  readonly #open: Map<string, OpenStream>;
  readonly #ended: Set<string>;
  readonly #waiting = new Map<string, { text: string; timer: NodeJS.Timeout }>();

  constructor(
    append: (kind: "STREAM_START" | "STREAM_DATA" | "STREAM_END", frame: Frame) => void,
    earlier: { open: Map<string, OpenStream>; ended: Set<string> },
  ) {
    this.#append = append;
    this.#open = earlier.open;
    this.#ended = earlier.ended;
  }

  start(params: { stream: string; tool?: string; callId: string; contentType: string }): void {
    const { stream, tool = null, callId, contentType } = params;
    if (this.#open.has(stream) || this.#ended.has(stream)) throw new Error(`stream ${stream} was started already`);
    this.#open.set(stream, { seq: 0, data: "" });
    this.#append("STREAM_START", { delim: "start", stream, seq: 0, tool, call_id: callId, content_type: contentType });
  }

  data(stream: string, text: string): void {
    const waiting = this.#waiting.get(stream) ?? {
      text: "",
      timer: setTimeout(() => this.#flush(stream), COALESCE_MS),
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
    this.#append("STREAM_END", {
      delim: "end",
      stream,
      seq: open.seq + 1,
      status,
      bytes: Buffer.byteLength(open.data),
      sha256: hash("sha256", open.data, "hex"),
    });
  }

  copy(frame: Frame): void {
    if (this.#ended.has(frame.stream)) return;
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
    for (const data of pieces(toStorableText(text))) {
      open.seq += 1;
      open.data += data;
      this.#append("STREAM_DATA", { stream, seq: open.seq, data });
    }
  }
}

function* pieces(text: string): Generator<string> {
  let rest = text;
  while (Buffer.byteLength(rest) > MAX_FRAME_BYTES) {
    // A quarter of the limit in UTF-16 units can never be more than the limit in UTF-8 bytes; keep surrogate pairs whole.
    const cut = MAX_FRAME_BYTES / 4;
    const end = /[\ud800-\udbff]/.test(rest[cut - 1] ?? "") ? cut - 1 : cut;
    yield rest.slice(0, end);
    rest = rest.slice(end);
  }
  if (rest !== "") yield rest;
}

/** Streams of a step as its earlier attempts left them. */
export function readStreams(
  events: Iterable<HistoryEvent>,
  step: number,
): { open: Map<string, OpenStream>; ended: Set<string> } {
  const open = new Map<string, OpenStream>();
  const ended = new Set<string>();
  for (const event of events) {
    if (event.step !== step) continue;
    const stream = String(event.payload.stream);
    if (event.kind === "STREAM_START") open.set(stream, { seq: 0, data: "" });
    const known = open.get(stream);
    if (event.kind === "STREAM_DATA" && known !== undefined)
      open.set(stream, { seq: Number(event.payload.seq), data: known.data + String(event.payload.data) });
    if (event.kind === "STREAM_END") {
      open.delete(stream);
      ended.add(stream);
    }
  }
  return { open, ended };
}
