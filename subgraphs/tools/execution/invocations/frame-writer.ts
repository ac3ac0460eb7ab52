import { setTimeout as delay } from "node:timers/promises";
import { toStorableText } from "@soma/shared/json";
import type { Log } from "@soma/shared/log";
import { COALESCE_BYTES, COALESCE_MS, fit, splitFrames } from "@soma/shared/stream-frames/split-frames";

const MAX_BACKOFF_MS = 2_000;
/** The first half of a character outside the basic plane, when its second half comes with the next text. */
const HALF_CHARACTER = /[\ud800-\udbff]$/;

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
  /** Frames a statement is about; the same ones again after a failure, since it may have been committed. */
  #sending: readonly string[] = [];
  #waiting = "";
  #half = "";
  #bytes = 0;
  #nextSeq = 1;
  #state: "open" | "full" | "closed" | "lost" = "open";
  #truncated = false;
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> | undefined;
  #stopped = new AbortController();

  constructor(options: FrameWriterOptions) {
    this.#options = options;
  }

  write(text: string): boolean {
    if (this.#state !== "open") return !this.#truncated;
    const all = this.#half + text;
    this.#half = HALF_CHARACTER.test(all) ? all.slice(-1) : "";
    this.#take(this.#half === "" ? all : all.slice(0, -1));
    this.#schedule();
    return !this.#truncated;
  }

  truncated(): boolean {
    return this.#truncated;
  }

  async close(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#stopped.abort();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    if (this.#state === "open") {
      this.#take(this.#half);
      this.#state = "closed";
    }
    while (this.#pending()) {
      this.#flush();
      await this.#storing;
    }
    clearTimeout(this.#timer);
    signal.removeEventListener("abort", stop);
  }

  #take(text: string): void {
    const { kept, dropped } = fit(toStorableText(text), this.#options.maxBytes - this.#bytes);
    this.#bytes += Buffer.byteLength(kept);
    this.#waiting += kept;
    if (!dropped) return;
    this.#truncated = true;
    this.#state = "full";
  }

  #pending(): boolean {
    return (
      this.#state !== "lost" && !this.#stopped.signal.aborted && (this.#sending.length > 0 || this.#waiting !== "")
    );
  }

  #schedule(): void {
    if (Buffer.byteLength(this.#waiting) >= COALESCE_BYTES) this.#flush();
    else if (this.#waiting !== "") this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
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
      if (this.#sending.length === 0) {
        this.#sending = splitFrames(this.#waiting);
        this.#waiting = "";
      }
      try {
        const owned = await this.#options.append(this.#nextSeq, this.#sending);
        this.#nextSeq += this.#sending.length;
        this.#sending = [];
        failures = 0;
        if (!owned) this.#lose();
      } catch (error) {
        failures += 1;
        this.#options.log.error({ err: error, failures }, "output frames could not be stored and are tried again");
        const waitMs = 20 + Math.random() * Math.min(MAX_BACKOFF_MS, 50 * 2 ** Math.min(failures, 10));
        await delay(waitMs, undefined, { signal: this.#stopped.signal }).catch(() => {});
      }
    } while (this.#pending() && (this.#sending.length > 0 || Buffer.byteLength(this.#waiting) >= COALESCE_BYTES));
  }

  #lose(): void {
    this.#state = "lost";
    this.#options.onLost();
  }
}
