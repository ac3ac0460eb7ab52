import type { RunStatus } from "@soma/graphql/operations";
import { createRunLog, type FollowParams, type RunLog, type RunLogDeps, type RunLogSnapshot } from "./run-log.ts";
import { createSlots } from "./slots.ts";
import type { LogEvent } from "./view.ts";

/** All logs of this page: one per run, shared by everything that shows the run. */
export interface RunLogs {
  peek(runId: string): RunLogSnapshot | undefined;
  /** Follows the run while it is watched. Returns the end of the watch. */
  watch(runId: string, notify: () => void): () => void;
  /** Connects again at once: where the next try is waited for, and where a run had ended that goes on again. */
  retryNow(runId: string): void;
  /** Tells when the status of any run on the page becomes another one. */
  onStatus(notify: (runId: string, status: RunStatus) => void): () => void;
}

export interface RunLogsDeps extends RunLogDeps {
  /** Runs the work later; returns how to call it off. */
  later(work: () => void, ms: number): () => void;
  /** Bytes of finished runs' events to keep for going back; 32 MB unless told. */
  keepBytes?: number;
}

/** Connections at a time. A page shows one live run; the others are histories that end at once. */
const MAX_FOLLOWED = 4;
/** How long an unwatched run is still followed, so that moving between two pages of it does not begin anew. */
const GRACE_MS = 3_000;

interface Entry {
  log: RunLog;
  watchers: number;
  status: RunStatus;
  callOff(): void;
}

export function createRunLogs({ later, keepBytes = 33_554_432, follow, ...deps }: RunLogsDeps): RunLogs {
  const entries = new Map<string, Entry>();
  const listeners = new Set<(runId: string, status: RunStatus) => void>();
  const slots = createSlots(MAX_FOLLOWED);

  async function* followInTurn(params: FollowParams): AsyncGenerator<LogEvent> {
    const release = await slots.take(params.signal);
    try {
      yield* follow(params);
    } finally {
      release();
    }
  }

  const open = (runId: string): Entry => {
    const log = createRunLog(runId, { ...deps, follow: followInTurn });
    const entry: Entry = { log, watchers: 0, status: log.getSnapshot().view.status, callOff: () => {} };
    log.subscribe(() => {
      const { status } = log.getSnapshot().view;
      if (status === entry.status) return;
      entry.status = status;
      for (const notify of listeners) notify(runId, status);
    });
    entries.set(runId, entry);
    return entry;
  };

  const drop = (runId: string, entry: Entry): void => {
    if (entry.watchers > 0) return;
    entry.log.close();
    if (entries.get(runId) === entry) entries.delete(runId);
  };

  /** A finished log costs only its memory and is kept while there is room; the oldest go first, and the newest stays. */
  const settle = (runId: string, entry: Entry): void => {
    if (!entry.log.isOver() || entry.log.getSnapshot().closed !== null) {
      entry.callOff = later(() => drop(runId, entry), GRACE_MS);
      return;
    }
    entries.delete(runId);
    entries.set(runId, entry);
    const idle = [...entries].filter(([, known]) => known.watchers === 0 && known.log.isOver());
    let bytes = idle.reduce((sum, [, { log }]) => sum + log.bytes(), 0);
    for (const [id, old] of idle.slice(0, -1)) {
      if (bytes <= keepBytes) return;
      bytes -= old.log.bytes();
      drop(id, old);
    }
  };

  return {
    peek: (runId) => entries.get(runId)?.log.getSnapshot(),
    watch(runId, notify) {
      const entry = entries.get(runId) ?? open(runId);
      entry.callOff();
      entry.watchers += 1;
      const stop = entry.log.subscribe(notify);
      return () => {
        stop();
        entry.watchers -= 1;
        if (entry.watchers === 0) settle(runId, entry);
      };
    },
    retryNow: (runId) => entries.get(runId)?.log.retryNow(),
    onStatus(notify) {
      listeners.add(notify);
      return () => listeners.delete(notify);
    },
  };
}
