import { write, writeSync } from "node:fs";
import { counter } from "./metrics.ts";

export interface LogDestination {
  write(line: string): void;
  /** Writes what waits before the process ends; what cannot be written then is lost. */
  flushSync(): void;
}

/** Bytes that wait at most: a full disk must not fill the memory. */
const MAX_WAITING_BYTES = 4_194_304;
const RETRY_MS = 500;
/** A pipe that is full is read in a moment, while anybody reads it. */
const FULL_PIPE_MS = 10;
/** Tries of the last flush while a pipe takes nothing. */
const LAST_TRIES = 20;

const failures = counter("soma_log_write_failures_total", "Writes of the log that failed", []);
const lost = counter("soma_log_lost_lines_total", "Lines of the log that were lost, because too many waited", []);

/**
 * An open file or pipe for lines. No fault of it ever ends or stops the process: what could not be written waits and is
 * tried again, and once too much waits, lines are lost and counted. Pino's own destination throws at a full disk where
 * nobody catches, and then tries for ever, without a pause for anything else, when the process ends.
 */
export function openDestination(fd: number): LogDestination {
  const state: State = { fd, lines: [], rest: Buffer.alloc(0), bytes: 0, writing: false, retry: undefined };
  const flushSync = (): void => flush(state);
  process.once("exit", flushSync);
  return {
    write(line) {
      const size = Buffer.byteLength(line);
      if (state.bytes + size > MAX_WAITING_BYTES) return lost.inc();
      state.lines.push(line);
      state.bytes += size;
      writeNext(state);
    },
    flushSync,
  };
}

interface State {
  fd: number;
  lines: string[];
  /** What was begun and is not yet written. */
  rest: Buffer;
  /** Of lines and rest. */
  bytes: number;
  /** True while the system writes `rest`, and nobody else may. */
  writing: boolean;
  retry: NodeJS.Timeout | undefined;
}

function takeLines(state: State): Buffer {
  const chunk = Buffer.from(state.lines.join(""));
  state.lines = [];
  return chunk;
}

function writeNext(state: State): void {
  if (state.writing || state.retry !== undefined || state.bytes === 0) return;
  state.writing = true;
  if (state.rest.length === 0) state.rest = takeLines(state);
  write(state.fd, state.rest, (error, count) => {
    state.writing = false;
    if (error === null) {
      state.rest = state.rest.subarray(count);
      state.bytes -= count;
      return writeNext(state);
    }
    const isFullPipe = error.code === "EAGAIN";
    if (!isFullPipe) failures.inc();
    state.retry = setTimeout(again, isFullPipe ? FULL_PIPE_MS : RETRY_MS).unref();
  });
  function again(): void {
    state.retry = undefined;
    writeNext(state);
  }
}

function flush(state: State): void {
  if (!state.writing) {
    state.rest = Buffer.concat([state.rest, takeLines(state)]);
    const count = writeAll(state.fd, state.rest);
    state.rest = state.rest.subarray(count);
    state.bytes -= count;
    return;
  }
  // The system is at it with what was begun; only what came after that is ours to write.
  const after = takeLines(state);
  writeAll(state.fd, after);
  state.bytes -= after.length;
}

/** Bytes that could be written. */
function writeAll(fd: number, chunk: Buffer): number {
  let count = 0;
  for (let tries = 0; count < chunk.length && tries < LAST_TRIES; ) {
    try {
      count += writeSync(fd, chunk, count);
    } catch (error) {
      failures.inc();
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
      tries += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
    }
  }
  return count;
}
