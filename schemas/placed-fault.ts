import { isRecord } from "./json.ts";

/** What of an input is not taken, at its place: a JSON pointer such as /amount or /items/0, empty for the input itself. */
export interface PlacedFault {
  path: string;
  message: string;
}

/** The faults that an error tells of as it comes over a wire, without what is none; none where it tells of none. */
export function toPlacedFaults(value: unknown): PlacedFault[] {
  return Array.isArray(value) ? value.filter(isFault).map(({ path, message }) => ({ path, message })) : [];
}

function isFault(value: unknown): value is PlacedFault {
  return isRecord(value) && typeof value.path === "string" && typeof value.message === "string";
}
