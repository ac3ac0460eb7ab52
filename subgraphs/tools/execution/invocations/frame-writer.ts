import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@soma/shared/backoff";
import type { Log } from "@soma/shared/log";
import { COALESCE_BYTES, COALESCE_MS, splitFrames } from "@soma/shared/stream-frames/split-frames";
import { createOutputText, type OutputText } from "./output-text.ts";

const RETRY = { initialMs: 100, maxMs: 2_000, minMs: 20 };

export interface FrameWriterOptions {
  /** Bytes of output at most; the rest is dropped. */
  maxBytes: number;
  /** Stores data frames from place `firstSeq` on. False when the stream is another's now. Called again with the same frames after it threw. */
  append(firstSeq: number, texts: readonly string[]): Promise<boolean>;
  /** Called once when the stream is another's now. */
  onLost(): void;
  log: Log;
}

export interface FrameWriter {
  /** Takes text; false when some of it was dropped because the output is full. */
  write(text: string): boolean;
  /** True when output was dropped. */
  truncated(): boolean;
  /** Stores what is left; tries until it is stored, the stream is lost or the signal aborts. What is written afterwards is dropped. */
  close(signal: AbortSignal): Promise<void>;
}

/** Gathers a tool's output into frames and stores them one statement after the other. */
export function createFrameWriter(options: FrameWriterOptions): FrameWriter {
  return new Writer(options);
}

class Writer implements FrameWriter {
  readonly #options: FrameWriterOptions;
  readonly #text: OutputText;
  /** Frames a statement is about; the same ones again after a failure, since it may have been committed. */
  #sending: readonly string[] = [];
  #nextSeq = 1;
  #state: "open" | "closed" | "lost" = "open";
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> | undefined;
  #stopped = new AbortController();

  constructor(options: FrameWriterOptions) {
    this.#options = options;
    this.#text = createOutputText(options.maxBytes);
  }

  write(text: string): boolean {
    if (this.#state === "open") {
      this.#text.add(text);
      this.#schedule();
    }
    return !this.#text.truncated();
  }

  truncated(): boolean {
    return this.#text.truncated();
  }

  async close(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#stopped.abort();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    if (this.#state === "open") {
      this.#text.end();
      this.#state = "closed";
    }
    while (this.#pending()) {
      this.#flush();
      await this.#storing;
    }
    clearTimeout(this.#timer);
    signal.removeEventListener("abort", stop);
  }

  #pending(): boolean {
    if (this.#state === "lost" || this.#stopped.signal.aborted) return false;
    return this.#sending.length > 0 || this.#text.waitingBytes() > 0;
  }

  #schedule(): void {
    const bytes = this.#text.waitingBytes();
    if (bytes >= COALESCE_BYTES) this.#flush();
    else if (bytes > 0) this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#storing !== undefined || !this.#pending()) return;
    this.#storing = this.#store().finally(() => {
      this.#storing = undefined;
      if (this.#pending()) this.#schedule();
    });
  }

  async #store(): Promise<void> {
    let failures = 0;
    do {
      if (this.#sending.length === 0) this.#sending = splitFrames(this.#text.take());
      try {
        const owned = await this.#options.append(this.#nextSeq, this.#sending);
        this.#nextSeq += this.#sending.length;
        this.#sending = [];
        failures = 0;
        if (!owned) this.#lose();
      } catch (error) {
        failures += 1;
        this.#options.log.error({ err: error, failures }, "output frames could not be stored and are tried again");
        await delay(backoffMs(RETRY, failures), undefined, { signal: this.#stopped.signal }).catch(() => {});
      }
    } while (this.#pending() && (this.#sending.length > 0 || this.#text.waitingBytes() >= COALESCE_BYTES));
  }

  #lose(): void {
    this.#state = "lost";
    this.#options.onLost();
  }
}
