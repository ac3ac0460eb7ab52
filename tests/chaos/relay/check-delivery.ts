/** An event that somebody wrote. */
export interface Committed {
  id: string;
  key: string;
  /** Its place among those of its key. */
  place: number;
  /** `unknown` when the answer of its commit never came: it may have happened, or not. */
  outcome: "committed" | "unknown" | "refused";
  /** It can never be delivered, and belongs among what was set aside. */
  isPoison?: boolean;
}

/** A record that the bus has, those of a key in the order of the bus. */
interface Sent {
  id: string;
  /** Milliseconds, by the clock of the broker. */
  at: number;
}

export interface Fault {
  name: string;
  at: number;
}

export interface History {
  committed: readonly Committed[];
  sent: readonly Sent[];
  /** Ids of what consumers handled, those of a key in the order they did. */
  consumed: readonly string[];
  /** Ids of what became a dead letter. */
  setAside: readonly string[];
  faults: readonly Fault[];
}

export interface Verdict {
  /** Where each event was last seen that never came, or was set aside for no reason. */
  lost: { id: string; lastSeen: "outbox" | "bus" | "dead letters" }[];
  /** Ids of what came although nobody wrote it, or its transaction was taken back. */
  invented: string[];
  /** Events that came first time after a later one of their key. */
  disordered: { id: string; where: "bus" | "consumer" }[];
  /** How often something was sent again after each fault and before the next one. */
  repeated: { fault: string; records: number }[];
  /** Ids of what a consumer handled more than once. */
  handledTwice: string[];
}

/** What repeats are told of that came before every fault. */
const NO_FAULT = "no fault";

/** Compares what was written with what came of it. Pure: it knows nothing of databases and brokers. */
export function checkDelivery(history: History): Verdict {
  const { committed, sent, consumed } = history;
  const known = new Map(committed.map((each) => [each.id, each]));
  const ids = sent.map(({ id }) => id);
  return {
    lost: findLost(history),
    invented: [...new Set([...ids, ...consumed])].filter((id) => (known.get(id)?.outcome ?? "refused") === "refused"),
    disordered: [
      ...findDisordered(ids, known).map((id) => ({ id, where: "bus" as const })),
      ...findDisordered(consumed, known).map((id) => ({ id, where: "consumer" as const })),
    ],
    repeated: countRepeated(history),
    handledTwice: [...new Set(repeatsOf(consumed, (id) => id))],
  };
}

function findLost({ committed, sent, consumed, setAside }: History): Verdict["lost"] {
  const onBus = new Set(sent.map(({ id }) => id));
  const handled = new Set(consumed);
  const dead = new Set(setAside);
  const isLost = ({ id, outcome, isPoison = false }: Committed): boolean => {
    // Nobody knows whether it was written, but whoever set it aside has it, and would have had to deliver it.
    const wasWritten = outcome === "committed" || onBus.has(id) || dead.has(id);
    return outcome !== "refused" && wasWritten && !(isPoison ? dead : handled).has(id);
  };
  return committed.filter(isLost).map(({ id }) => {
    if (dead.has(id)) return { id, lastSeen: "dead letters" };
    return { id, lastSeen: onBus.has(id) ? "bus" : "outbox" };
  });
}

/** A repeat is no disorder: who has seen a record knows that its next one is old. */
function findDisordered(ids: readonly string[], known: ReadonlyMap<string, Committed>): string[] {
  const reached = new Map<string, number>();
  return [...new Set(ids)].filter((id) => {
    const event = known.get(id);
    if (event === undefined) return false;
    const last = reached.get(event.key) ?? Number.NEGATIVE_INFINITY;
    reached.set(event.key, Math.max(last, event.place));
    return event.place < last;
  });
}

/** The fault before a repeat is the one that caused it. */
function countRepeated({ sent, faults }: History): Verdict["repeated"] {
  const ordered = faults.toSorted((a, b) => a.at - b.at);
  const counts = new Map(ordered.map((fault) => [fault, 0]));
  let before = 0;
  for (const { at } of repeatsOf(sent, ({ id }) => id)) {
    const fault = ordered.findLast((each) => each.at <= at);
    if (fault === undefined) before += 1;
    else counts.set(fault, (counts.get(fault) ?? 0) + 1);
  }
  const told = [...counts].map(([{ name }, records]) => ({ fault: name, records }));
  return before === 0 ? told : [{ fault: NO_FAULT, records: before }, ...told];
}

/** Those whose id came before. */
function repeatsOf<T>(all: readonly T[], idOf: (one: T) => string): T[] {
  const seen = new Set<string>();
  return all.filter((one) => {
    const isRepeat = seen.has(idOf(one));
    seen.add(idOf(one));
    return isRepeat;
  });
}

export interface Allowed {
  /** Records that one fault may have sent again. */
  repeats: number;
}

/** What is wrong with it, a sentence each; nothing when all is as promised. */
export function faultsOf(verdict: Verdict, { repeats }: Allowed): string[] {
  const { lost, invented, disordered, repeated, handledTwice } = verdict;
  const count = (what: string, all: readonly unknown[]): string[] =>
    all.length === 0 ? [] : [`${all.length} ${what}, as ${JSON.stringify(all[0])}`];
  return [
    ...count("lost", lost),
    ...count("that nobody wrote", invented),
    ...count("out of order", disordered),
    ...count("handled twice", handledTwice),
    ...repeated
      .filter(({ fault, records }) => records > (fault === NO_FAULT ? 0 : repeats))
      .map(({ fault, records }) => `${records} sent again after ${fault}`),
  ];
}
