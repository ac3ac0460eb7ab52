import { hash } from "node:crypto";
import type { StreamFramePayload } from "@soma/schemas/run-history";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StepStreams } from "./step-streams.ts";

describe("StepStreams", () => {
  let frames: StreamFramePayload[];
  let streams: StepStreams;

  beforeEach(() => {
    vi.useFakeTimers();
    frames = [];
    streams = new StepStreams(({ payload }) => void frames.push(payload), { open: new Map(), ended: new Set() });
  });
  afterEach(() => vi.useRealTimers());

  const text = (): string => frames.map((frame) => ("data" in frame ? frame.data : "")).join("");

  it("lets what comes after a silence leave at once, and gathers what follows it for fifty milliseconds", () => {
    for (const stream of ["s", "t"]) streams.start({ stream, callId: "c", contentType: "text/plain" });
    const says = (ms: number): string[] => {
      vi.advanceTimersByTime(ms);
      return frames.splice(0).flatMap((frame) => ("data" in frame ? [`${frame.stream} ${frame.data}`] : []));
    };
    streams.data("s", "one");
    expect(says(1)).toEqual(["s one"]);
    for (const word of ["two", "three"]) streams.data("s", word);
    streams.data("t", "other");
    expect([says(1), says(40), says(10)]).toEqual([["t other"], [], ["s twothree"]]);
    vi.advanceTimersByTime(60);
    streams.data("s", "four");
    expect(says(1)).toEqual(["s four"]);
  });

  it("gathers no more than a kilobyte, and ends with what it was", () => {
    streams.start({ stream: "s", callId: "c", contentType: "text/plain" });
    for (const word of ["one ", "two ", "three"]) streams.data("s", word);
    expect(frames).toHaveLength(1);
    vi.advanceTimersByTime(50);
    expect(frames.at(-1)).toEqual({ stream: "s", seq: 1, data: "one two three" });
    streams.data("s", "x".repeat(1_024));
    expect(frames).toHaveLength(3);
    streams.end("s", "OK");
    const all = `one two three${"x".repeat(1_024)}`;
    expect(frames.at(-1)).toEqual({
      delim: "end",
      stream: "s",
      seq: 3,
      status: "OK",
      bytes: all.length,
      sha256: hash("sha256", all, "hex"),
    });
  });

  it("loses nothing at the end, splits what is long, keeps characters whole", () => {
    const long = "ü🦄".repeat(9_000);
    streams.start({ stream: "s", callId: "c", contentType: "text/plain" });
    streams.data("s", long);
    streams.data("s", "tail");
    streams.end("s", "OK");
    expect(text()).toBe(`${long}tail`);
    expect(
      Math.max(...frames.map((frame) => ("data" in frame ? Buffer.byteLength(frame.data) : 0))),
    ).toBeLessThanOrEqual(16_384);
  });

  it("gives one end for each start: a second end, data after it and a second start change nothing or are refused", () => {
    streams.start({ stream: "s", callId: "c", contentType: "text/plain" });
    streams.end("s", "TIMEOUT");
    streams.end("s", "OK");
    streams.data("s", "late");
    vi.advanceTimersByTime(100);
    expect(frames.map((frame) => ("delim" in frame ? frame.delim : "data"))).toEqual(["start", "end"]);
    expect(() => streams.start({ stream: "s", callId: "c", contentType: "text/plain" })).toThrow(/started already/);
  });

  it("copies another subgraph's frames once, going on where an earlier attempt stopped", () => {
    const source: StreamFramePayload[] = [
      { delim: "start", stream: "t", seq: 0, tool: "code_run", call_id: "c", content_type: "text/plain" },
      { stream: "t", seq: 1, data: "a" },
      { stream: "t", seq: 2, data: "b" },
      { delim: "end", stream: "t", seq: 3, status: "OK", bytes: 2, sha256: hash("sha256", "ab", "hex") },
    ];
    const resumed = new StepStreams(({ payload }) => void frames.push(payload), {
      open: new Map([["t", { seq: 1, data: "a" }]]),
      ended: new Set(),
    });
    for (const frame of [...source, ...source]) resumed.copy(frame);
    expect(frames).toEqual(source.slice(2));
  });

  it("closeAll() ends what is open, with what it had", () => {
    for (const stream of ["a", "b"]) streams.start({ stream, callId: "c", contentType: "text/plain" });
    streams.data("b", "half");
    streams.closeAll("INTERRUPTED");
    expect(frames.slice(-3)).toMatchObject([
      { stream: "a", status: "INTERRUPTED", bytes: 0 },
      { stream: "b", data: "half" },
      { stream: "b", status: "INTERRUPTED", bytes: 4 },
    ]);
  });

  it("hears nothing more of an attempt that is over, however it ended", () => {
    for (const end of [() => streams.finish("ERROR"), () => streams.rest()]) {
      streams = new StepStreams(({ payload }) => void frames.push(payload), { open: new Map(), ended: new Set() });
      streams.start({ stream: "a", callId: "c", contentType: "text/plain" });
      streams.data("a", "said");
      end();
      const before = frames.length;
      streams.data("a", "late");
      streams.start({ stream: "b", callId: "c", contentType: "text/plain" });
      streams.copy({ delim: "start", stream: "d", seq: 0, tool: null, call_id: "c", content_type: "text/plain" });
      vi.advanceTimersByTime(100);
      expect(frames).toHaveLength(before);
    }
    expect(text()).toBe("saidsaid");
  });
});
