import { isRecord, type Json } from "@soma/schemas/json";

export type StateChange = { op: "ADD" | "REMOVE" | "REPLACE"; path: string; before: Json; after: Json };

/**
 * What differs between two values, in the order of their paths: each change with the place it stands at (RFC 6901), and
 * what was there before and after; null where nothing was, which `op` tells from a null. Lists are compared place by place.
 */
export function diffState(before: Json, after: Json, path = ""): StateChange[] {
  if (Array.isArray(before) && Array.isArray(after))
    return diffEntries(Object.entries(before), Object.entries(after), path);
  if (isRecord(before) && isRecord(after))
    return diffEntries(
      Object.entries(before as { [k: string]: Json }),
      Object.entries(after as { [k: string]: Json }),
      path,
    );
  return Object.is(before, after) ? [] : [{ op: "REPLACE", path, before, after }];
}

type Entries = [string, Json][];

function diffEntries(before: Entries, after: Entries, path: string): StateChange[] {
  const [old, now] = [new Map(before), new Map(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name): StateChange[] => {
    const at = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (!old.has(name)) return [{ op: "ADD", path: at, before: null, after: now.get(name) ?? null }];
    if (!now.has(name)) return [{ op: "REMOVE", path: at, before: old.get(name) ?? null, after: null }];
    return diffState(old.get(name) ?? null, now.get(name) ?? null, at);
  });
}
