import type { PlacedFault } from "@soma/schemas/placed-fault";
import { Check, Errors } from "typebox/schema";
import { Settings } from "typebox/system";

type Fault = ReturnType<typeof Errors>[1][number];

/** Where an input does not fit its JSON Schema, each fault at the place it is of; none where it fits. */
export function inputFaults(schema: object, input: unknown): PlacedFault[] {
  if (Check(schema, input)) return [];
  const faults = errorsOf(schema, input);
  const told = faults.filter(({ keyword }) => keyword !== "boolean").flatMap(toFaults);
  // Of one place the first is told: what follows is of the same value.
  const byPath = new Map(told.reverse().map((fault) => [fault.path, fault]));
  const all = told.length === 0 ? [NOT_TAKEN] : [...byPath.values()].reverse();
  return all.length > MOST_TOLD ? [...all.slice(0, MOST_TOLD), AND_MORE] : all;
}

/** The library finds eight unless it is told otherwise, of which each name that is not known takes one. */
function errorsOf(schema: object, input: unknown): Fault[] {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MOST_FOUND });
  try {
    return Errors(schema, input)[1];
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** Says to whoever starts a run why its input is not taken. */
export function inputRefusal(graph: string, faults: readonly PlacedFault[]): string {
  const told = faults.map(({ path, message }) => `${path === "" ? "the input" : path} ${message}`);
  return `graph ${graph} does not take this input: ${told.join("; ")}`;
}

const MOST_FOUND = 1_000;
const MOST_TOLD = 50;
const AND_MORE: PlacedFault = { path: "", message: "has more faults than these" };
const NOT_TAKEN: PlacedFault = { path: "", message: "is not taken" };

/** What is missing, or one too many, is told at its own place and not at that of the object around it. */
function toFaults({ keyword, params, instancePath, message }: Fault): PlacedFault[] {
  const at = (names: unknown, words: string): PlacedFault[] =>
    (names as string[]).map((name) => ({ path: `${instancePath}/${toPointer(name)}`, message: words }));
  const given = params as Record<string, unknown>;
  if (keyword === "required") return at(given.requiredProperties, "is required");
  if (keyword === "additionalProperties") return at(given.additionalProperties, "is not known here");
  const allowed = keyword === "enum" ? ` (${(given.allowedValues as unknown[]).join(", ")})` : "";
  return [{ path: instancePath, message: `${message}${allowed}` }];
}

function toPointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
