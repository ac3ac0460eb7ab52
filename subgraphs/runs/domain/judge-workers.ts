/** An incarnation of a worker as another one sees it. */
export interface SeenWorker {
  workerId: string;
  no: number;
  /** No session holds the lock of its life. */
  isLockFree: boolean;
  isLeaseOver: boolean;
  /** When it was heard, as the database writes it: it is another time once it was heard again. */
  heardAt: string;
  /** Milliseconds since it was heard, by the clock of the database. */
  silentMs: number;
}

type DeathReason = "lock_free" | "lease_expired";

export interface Judgement {
  dead: { worker: SeenWorker; reason: DeathReason }[];
  /** Those that look dead at this look by what has to be seen twice: dead if they still do at the next one. */
  doubted: ReadonlySet<string>;
  /** When the next look may tell more; undefined when there is no hurry. */
  againMs: number | undefined;
}

/** A heartbeat did not come, and had a tenth of a second more. Nobody who was heard since is dead. */
export const SILENT_MS = 350;
/** When more than half look dead at once it may be the database, whose locks are all gone after a failover. */
const MOST_SILENT_MS = 1_000;
const DOUBT_MS = 250;

/**
 * Which workers are dead. A lock that is free is believed once its worker is silent, too. A lease that is over, while
 * the lock is held, has to be seen twice, as has a lock that is free of one that was heard in the future, since the
 * clock was set back: the database may have stood still for all, and a worker that lives is heard again before the
 * second look. Who is not heard itself, or has lost its own lock, judges nobody.
 */
export function judgeWorkers(
  seen: readonly SeenWorker[],
  { workerId, doubted }: { workerId: string; doubted: ReadonlySet<string> },
): Judgement {
  const judgement = {
    dead: [] as Judgement["dead"],
    doubted: new Set<string>(),
    againMs: undefined as number | undefined,
  };
  const self = seen.find((worker) => worker.workerId === workerId);
  if (self === undefined || self.isLockFree || self.silentMs >= MOST_SILENT_MS) return judgement;
  const suspects = seen.filter((worker) => worker !== self && (worker.isLockFree || worker.isLeaseOver));
  const patienceMs = suspects.length > seen.length / 2 ? MOST_SILENT_MS : SILENT_MS;
  const lookAgain = (inMs: number): void => {
    judgement.againMs = Math.min(inMs, judgement.againMs ?? inMs);
  };
  for (const worker of suspects) {
    if (worker.isLockFree && worker.silentMs >= patienceMs) judgement.dead.push({ worker, reason: "lock_free" });
    else if (worker.isLockFree && worker.silentMs >= 0) lookAgain(patienceMs - worker.silentMs);
    else if (doubted.has(worker.workerId))
      judgement.dead.push({ worker, reason: worker.isLockFree ? "lock_free" : "lease_expired" });
    else {
      judgement.doubted.add(worker.workerId);
      lookAgain(worker.isLockFree ? SILENT_MS : DOUBT_MS);
    }
  }
  return judgement;
}
