import { isRecord } from "@soma/schemas/json";

/** What was asked on this page, in this tab. */
export interface Asked {
  query: string;
  variables: string;
  /** When. */
  at: string;
}

type Kept = Pick<Storage, "getItem" | "setItem">;

const KEY = "soma-api-asked";
const MOST = 20;

/** The newest first. What somebody else wrote there, or an older page, is passed over. */
export function readAsked(storage: Kept): Asked[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isAsked) : [];
  } catch {
    return [];
  }
}

function isAsked(value: unknown): value is Asked {
  return isRecord(value) && ["query", "variables", "at"].every((key) => typeof value[key] === "string");
}

/** Keeps what is asked now; the same as before moves up. Without room nothing is kept, and nothing else is wrong. */
export function keepAsked(storage: Kept, asked: Asked): Asked[] {
  const others = readAsked(storage).filter(
    ({ query, variables }) => query !== asked.query || variables !== asked.variables,
  );
  const all = [asked, ...others].slice(0, MOST);
  try {
    storage.setItem(KEY, JSON.stringify(all));
  } catch {
    return readAsked(storage);
  }
  return all;
}
