import { FIRST_FOLLOW_STATE, type FollowPhase, type FollowState } from "@soma/graphql/follow-state";
import { reduce } from "./reduce.ts";
import { EMPTY_VIEW, type LogEvent, type RunView } from "./view.ts";

/** What a page may know of a run at one moment. The object is another one whenever anything in it is. */
export interface RunLogSnapshot {
  view: RunView;
  /** What the view was folded from, oldest first. */
  events: readonly LogEvent[];
  state: FollowState;
  /** Why following ended early; null while it goes on or after it ended well. */
  closed: string | null;
  /** Clock milliseconds when anything, and when the newest event, was last heard; null before the first. */
  heardAt: number | null;
  eventAt: number | null;
}

export interface RunLog {
  getSnapshot(): RunLogSnapshot;
  subscribe(notify: () => void): () => void;
  /** True when nothing more can come. */
  isOver(): boolean;
  /** Ends the wait before the next connection; when all had come, asks for more: a rollback lets a finished run go on. */
  retryNow(): void;
  /** About as many bytes as its events have. */
  bytes(): number;
  close(): void;
}

export interface FollowParams {
  runId: string;
  /** The newest event that is known already; of number 0 before the first. */
  after: { seq: number; hash?: string };
  signal: AbortSignal;
  onState(state: FollowState): void;
  /** Told when the next connection is waited for, with what ends the wait. */
  onWait(goOn: () => void): void;
}

export interface RunLogDeps {
  /** Verified events of a run, each once and in order; ends when the run has. */
  follow(params: FollowParams): AsyncIterable<LogEvent>;
  /** Runs the work at the next paint; many events then cost one paint. */
  schedule(work: () => void): void;
  now(): number;
}

/** What an event has beside its payload: ids, hashes, and the object itself. */
const FIELDS_BYTES = 500;

const FIRST_SNAPSHOT: RunLogSnapshot = {
  view: EMPTY_VIEW,
  events: [],
  state: FIRST_FOLLOW_STATE,
  closed: null,
  heardAt: null,
  eventAt: null,
};

/**
 * The append-only store of one run's events. It is kept outside of the GraphQL cache, where every event would cost a
 * write into normalised entities, and gives its readers one new snapshot a paint.
 */
export function createRunLog(runId: string, { follow, schedule, now }: RunLogDeps): RunLog {
  const abort = new AbortController();
  const readers = new Set<() => void>();
  let snapshot = FIRST_SNAPSHOT;
  let waiting: LogEvent[] = [];
  let change: Partial<RunLogSnapshot> = {};
  let scheduled = false;
  let over = false;
  let bytes = 0;
  let goOn = (): void => {};

  const flush = (): void => {
    scheduled = false;
    const events = waiting.length === 0 ? snapshot.events : [...snapshot.events, ...waiting];
    snapshot = { ...snapshot, ...change, events, view: reduce(snapshot.view, waiting) };
    waiting = [];
    change = {};
    for (const notify of readers) notify();
  };
  const touch = (next: Partial<RunLogSnapshot>): void => {
    change = { ...change, ...next };
    if (scheduled || abort.signal.aborted) return;
    scheduled = true;
    schedule(flush);
  };
  const read = async (): Promise<void> => {
    const onState = (state: FollowState): void =>
      touch({ state, ...(HEARD.has(state.phase) ? { heardAt: now() } : {}) });
    try {
      const onWait = (next: () => void): void => {
        goOn = next;
      };
      const after = waiting.at(-1) ?? snapshot.events.at(-1) ?? { seq: 0 };
      for await (const event of follow({ runId, after, signal: abort.signal, onState, onWait })) {
        waiting.push(event);
        bytes += FIELDS_BYTES + (JSON.stringify(event.payload)?.length ?? 0);
        touch({ heardAt: now(), eventAt: now() });
      }
      over = true;
    } catch (error) {
      over = true;
      if (!abort.signal.aborted) touch({ closed: error instanceof Error ? error.message : String(error) });
    }
  };
  void read();

  return {
    getSnapshot: () => snapshot,
    subscribe(notify) {
      readers.add(notify);
      return () => readers.delete(notify);
    },
    isOver: () => over,
    retryNow() {
      goOn();
      if (!over || abort.signal.aborted) return;
      over = false;
      touch({ closed: null });
      void read();
    },
    bytes: () => bytes,
    close: () => abort.abort(),
  };
}

/** Phases that are reported because the server spoke, unlike those that are reported because it did not. */
const HEARD = new Set<FollowPhase>(["CATCHING_UP", "LIVE", "QUIET", "REPAIRING", "ENDED"]);
