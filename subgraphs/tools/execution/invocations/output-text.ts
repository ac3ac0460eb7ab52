import { toStorableText } from "@soma/shared/json";
import { fit } from "@soma/shared/stream-frames/split-frames";

/** The first half of a character outside the basic plane, when its second half comes with the next text. */
const HALF_CHARACTER = /[\ud800-\udbff]$/;

/** A tool's output on its way into frames: whole characters that Postgres can keep, and no more of them than the limit. */
export interface OutputText {
  /** Takes text. What is beyond the limit is dropped, and so is everything after that. */
  add(text: string): void;
  /** Lets go of half a character that waits for its other half. */
  end(): void;
  /** Bytes that wait to be taken. */
  waitingBytes(): number;
  /** What waits; it waits no longer. */
  take(): string;
  /** True when something was dropped. */
  truncated(): boolean;
}

export function createOutputText(maxBytes: number): OutputText {
  let waiting = "";
  let half = "";
  let bytes = 0;
  let truncated = false;

  function keep(text: string): void {
    const { kept, dropped } = fit(toStorableText(text), maxBytes - bytes);
    bytes += Buffer.byteLength(kept);
    waiting += kept;
    truncated = dropped;
  }

  return {
    add(text) {
      if (truncated) return;
      const all = half + text;
      half = HALF_CHARACTER.test(all) ? all.slice(-1) : "";
      keep(half === "" ? all : all.slice(0, -1));
    },
    end() {
      if (!truncated) keep(half);
      half = "";
    },
    waitingBytes: () => Buffer.byteLength(waiting),
    take() {
      const taken = waiting;
      waiting = "";
      return taken;
    },
    truncated: () => truncated,
  };
}
