import { isRecord, type Json } from "@soma/schemas/json";

/** A value after a merge patch (RFC 7396): objects are merged, null takes a field away, anything else replaces. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(target) ? target : {})) as Map<string, Json>;
  for (const [name, value] of Object.entries(patch as { [name: string]: Json })) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name) ?? null, value));
  }
  return Object.fromEntries(merged);
}
