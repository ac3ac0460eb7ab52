import type { Sql } from "../postgres/connect.ts";
import type { SlowLanes } from "./slow-lanes.ts";
import { listPlaces, type OutboxPlace } from "./store/list-places.ts";

/** Rows of one bucket that one round looks at: the next round goes on behind them. */
const WINDOW = 1_000;
/** A row whose number is below those already passed may be committed late; the bucket is walked again for it. */
const WALK_AGAIN_MS = 10_000;

/** How far the rows of a bucket that has slow lanes were passed. */
interface Walk {
  id: string;
  endedAt: number | undefined;
}

export type Walks = Map<number, Walk>;

interface LookPastParams {
  lanes: SlowLanes<OutboxPlace>;
  walks: Walks;
  perBucket: number;
  now: number;
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
 * what stands behind them. One lane may hold any number of rows: the walk past them goes on from round to round, and stays
 * at the end until it is begun again.
 */
export async function lookPast(sql: Sql, { lanes, walks, perBucket, now }: LookPastParams): Promise<Chosen> {
  const buckets = [...new Set(lanes.entries().map(({ place }) => place.bucket))];
  const due = lanes.due();
  const chosen: Chosen = { buckets, ids: due.map(({ place }) => place.id), due, more: false };
  for (const bucket of walks.keys()) if (!buckets.includes(bucket)) walks.delete(bucket);
  if (buckets.length === 0) return chosen;
  const after = buckets.map((bucket) => ({ bucket, id: startOf(walks.get(bucket), now) }));
  const places = Map.groupBy(await listPlaces(sql, { after, limit: WINDOW }), ({ bucket }) => bucket);
  for (const { bucket, id } of after) {
    const seen = places.get(bucket) ?? [];
    const free = seen.filter((place) => !lanes.has(laneOf(place))).slice(0, perBucket);
    const last = free.length === perBucket ? free.at(-1) : seen.at(-1);
    const more = free.length === perBucket || seen.length === WINDOW;
    walks.set(bucket, { id: last?.id ?? id, endedAt: more ? undefined : (endOf(walks.get(bucket), id) ?? now) });
    chosen.ids.push(...free.map((place) => place.id));
    chosen.more ||= more;
  }
  return chosen;
}

/** Events of one topic and key keep their order; the tenant is part of the topic. */
export function laneOf({ topic, key }: { topic: string; key: string }): string {
  return `${topic}\n${key}`;
}

function startOf(walk: Walk | undefined, now: number): string {
  if (walk === undefined) return "0";
  return walk.endedAt !== undefined && now - walk.endedAt >= WALK_AGAIN_MS ? "0" : walk.id;
}

/** When the walk that this look goes on with came to the end; undefined for one that just began. */
function endOf(walk: Walk | undefined, startedFrom: string): number | undefined {
  return walk?.id === startedFrom ? walk.endedAt : undefined;
}
