import type { Sql } from "../postgres/connect.ts";
import type { SlowLanes } from "./slow-lanes.ts";
import { type ListedPlace, listPlaces, type OutboxPlace, type Walk } from "./store/list-places.ts";

/** Rows of one bucket that one round looks at: the next round goes on behind them. */
const WINDOW = 1_000;

/** How far the rows of each bucket that has slow lanes were passed. */
export type Walks = Map<number, Walk>;

interface LookPastParams {
  lanes: SlowLanes<OutboxPlace>;
  walks: Walks;
  perBucket: number;
}

interface Chosen {
  buckets: number[];
  ids: string[];
  /** The lanes whose first event is asked for. */
  due: { lane: string; place: OutboxPlace }[];
  /** Whether rows stand behind those that were looked at. */
  more: boolean;
}

/**
 * What leaves next from the buckets that have slow lanes: the first event of each of these lanes when it is its turn, and
 * what stands behind them. One lane may hold any number of rows: the walk past them goes on from round to round. It passes
 * rows when it has looked at them once more after every transaction was over that was open at the first look: a lower number
 * may be committed late, and a later event of its key would leave before it.
 */
export async function lookPast(sql: Sql, { lanes, walks, perBucket }: LookPastParams): Promise<Chosen> {
  const buckets = [...new Set(lanes.entries().map(({ place }) => place.bucket))];
  const due = lanes.due();
  const chosen: Chosen = { buckets, ids: due.map(({ place }) => place.id), due, more: false };
  for (const bucket of walks.keys()) if (!buckets.includes(bucket)) walks.delete(bucket);
  if (buckets.length === 0) return chosen;
  const from = buckets.map((bucket) => ({ bucket, ...(walks.get(bucket) ?? { id: "0" }) }));
  const places = Map.groupBy(await listPlaces(sql, { from, limit: WINDOW }), ({ bucket }) => bucket);
  for (const { bucket, ...walk } of from) {
    const seen = places.get(bucket) ?? [];
    const free = seen.filter((place) => !lanes.has(laneOf(place))).slice(0, perBucket);
    const isFull = free.length === perBucket;
    const last = isFull ? free.at(-1) : seen.at(-1);
    if (last === undefined) continue;
    const gone = goOn(walk, last);
    walks.set(bucket, gone);
    chosen.ids.push(...free.map((place) => place.id));
    // What cannot be passed yet is looked at again when the next round comes by itself.
    chosen.more ||= isFull || (seen.length === WINDOW && gone !== walk);
  }
  return chosen;
}

/** The walk behind a look that ended with this place; the same one while it has to look there again. */
function goOn(walk: Walk, last: ListedPlace): Walk {
  const next = { id: last.id, horizon: last.horizon };
  if (walk.next === undefined) return { id: walk.id, next };
  if (!last.isOver) return walk;
  const passed = BigInt(walk.next.id) < BigInt(last.id) ? walk.next.id : last.id;
  return passed === last.id ? { id: passed } : { id: passed, next };
}

/** Events of one topic and key keep their order; the tenant is part of the topic. */
export function laneOf({ topic, key }: { topic: string; key: string }): string {
  return `${topic}\n${key}`;
}
