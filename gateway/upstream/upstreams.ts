import type { Principal } from "@soma/shared/identity/principal";
import type { ExecutionResult } from "graphql";
import { LRUCache } from "lru-cache";
import { openUpstream, type UpstreamParams, type UpstreamSink } from "./open-upstream.ts";
import { type Cursor, findCursor, type StreamCursors } from "./stream-cursors.ts";

interface FollowParams extends Pick<UpstreamParams, "url" | "query" | "variables" | "connectionParams"> {
  /** Who asks: what somebody else may see is never shared. */
  principal: Principal;
}

/** Subscriptions to subgraphs. */
export interface Upstreams {
  /** Hears a subscription, alone or with others who ask the same; the function leaves it. Nothing is heard after that. */
  follow(params: FollowParams, sink: UpstreamSink): () => void;
  /** Subscriptions that subgraphs are asked for now. */
  open(): number;
}

interface UpstreamsOptions extends Pick<UpstreamParams, "limits" | "webSocketImpl"> {
  cursors: StreamCursors;
}

/** What is asked of a subgraph, and how far that has come. */
interface Place {
  /** What is asked and as whom; undefined when it is shared with nobody. */
  key: string | undefined;
  cursor: Cursor | undefined;
  /** Undefined while it is not known. */
  position: number | undefined;
}

/** One subscription that a subgraph is asked for. */
interface Upstream extends Place {
  members: Set<Member>;
  close(): void;
}

/** One who hears an upstream; which one may change. */
interface Member {
  sink: UpstreamSink;
  upstream: Upstream;
}

/** Operations whose cursor is remembered; clients send few different ones. */
const KNOWN_OPERATIONS = 500;

/**
 * Whoever asks the same as the same principal and is at the same place of its stream hears the same upstream. Who is elsewhere
 * has one of its own, and two upstreams become one as soon as both have come equally far: whatever the one told until then its
 * members have heard, and the other goes on from there, so that nothing is lost or told twice. It is the one that has just told
 * something that stays, because its place in the stream exists for certain, and not only in what a client asked for.
 *
 * An event is handed to every member in turn, and none waits for another: each bounds what it keeps by itself.
 */
export function createUpstreams({ cursors, ...connection }: UpstreamsOptions): Upstreams {
  const cursorOf = rememberCursors(cursors);
  const opened = createIndex();

  function open(params: FollowParams, place: Place): Upstream {
    const upstream: Upstream = { ...place, members: new Set(), close: () => {} };
    const end = (tell: (sink: UpstreamSink) => void): void => {
      opened.delete(upstream);
      for (const { sink } of upstream.members) tell(sink);
    };
    opened.add(upstream);
    const { principal: _principal, ...asked } = params;
    upstream.close = openUpstream(
      { ...connection, ...asked },
      {
        next: (event) => hear(upstream, event),
        error: (error) => end((sink) => sink.error(error)),
        complete: () => end((sink) => sink.complete()),
      },
    );
    return upstream;
  }

  function close(upstream: Upstream): void {
    if (opened.delete(upstream)) upstream.close();
  }

  function hear(upstream: Upstream, event: ExecutionResult): void {
    // One who hears it may leave for that, or end another one.
    for (const member of [...upstream.members]) if (upstream.members.has(member)) member.sink.next(event);
    if (upstream.members.size === 0) return;
    upstream.position = upstream.cursor?.positionOf(event);
    for (const other of opened.at(upstream)) if (other !== upstream) absorb(upstream, other);
  }

  function absorb(upstream: Upstream, other: Upstream): void {
    for (const member of other.members) {
      member.upstream = upstream;
      upstream.members.add(member);
    }
    other.members.clear();
    close(other);
  }

  return {
    follow(params, sink) {
      const place = placeOf(params, cursorOf(params.query));
      const member: Member = { sink, upstream: opened.at(place)[0] ?? open(params, place) };
      member.upstream.members.add(member);
      return () => {
        const { members } = member.upstream;
        members.delete(member);
        if (members.size === 0) close(member.upstream);
      };
    },
    open: opened.size,
  };
}

function rememberCursors(cursors: StreamCursors): (query: string) => Cursor | undefined {
  const known = new LRUCache<string, { cursor: Cursor | undefined }>({ max: KNOWN_OPERATIONS });
  return (query) => {
    const found = known.get(query) ?? { cursor: findCursor(query, cursors) };
    known.set(query, found);
    return found.cursor;
  };
}

interface Index {
  add(upstream: Upstream): void;
  /** Whether it was there. */
  delete(upstream: Upstream): boolean;
  /** Those that are asked the same and have come as far. */
  at(place: Place): Upstream[];
  size(): number;
}

/** Upstreams that are open; those that may be shared, by what is asked. */
function createIndex(): Index {
  const all = new Set<Upstream>();
  const byKey = new Map<string, Set<Upstream>>();
  return {
    add(upstream) {
      all.add(upstream);
      if (upstream.key === undefined) return;
      const alike = byKey.get(upstream.key) ?? new Set();
      byKey.set(upstream.key, alike.add(upstream));
    },
    delete(upstream) {
      const { key = "" } = upstream;
      const alike = byKey.get(key);
      if (alike?.delete(upstream) === true && alike.size === 0) byKey.delete(key);
      return all.delete(upstream);
    },
    at({ key, position }) {
      const alike = position === undefined ? undefined : byKey.get(key ?? "");
      return [...(alike ?? [])].filter((each) => each.position === position);
    },
    size: () => all.size,
  };
}

function placeOf(params: FollowParams, cursor: Cursor | undefined): Place {
  const position = cursor === undefined ? undefined : params.variables[cursor.variable];
  if (cursor === undefined || typeof position !== "number") return { key: undefined, cursor, position: undefined };
  return { key: keyOf(params, cursor), cursor, position };
}

/** What is asked, and as whom, whatever it is asked to go on from. */
function keyOf({ url, query, variables, principal }: FollowParams, { variable }: Cursor): string {
  const { tenant, subject, roles, service } = principal;
  const rest = Object.entries(variables).filter(([name]) => name !== variable);
  return JSON.stringify([tenant, subject, [...roles].sort(), service, url, query, rest.sort()]);
}
