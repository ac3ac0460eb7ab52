import { type PlacedFault, toPlacedFaults } from "@soma/schemas/placed-fault";
import type { CombinedError } from "urql";
import { pointerParts } from "../../ui/json-pointer.ts";
import type { FormField } from "./form-fields.ts";

/** The faults of an input that an error of the API tells; none where it is about something else. */
export function faultsOf({ graphQLErrors }: CombinedError): PlacedFault[] {
  return toPlacedFaults(graphQLErrors[0]?.extensions.faults);
}

/** Each fault beside the field it is of, by its key, and those that are of none. */
export function placeFaults(
  fields: readonly FormField[],
  faults: readonly PlacedFault[],
): { byKey: Record<string, string>; others: PlacedFault[] } {
  const byKey: Record<string, string> = {};
  const others: PlacedFault[] = [];
  for (const fault of faults) {
    const [key = "", ...below] = pointerParts(fault.path);
    if (!fields.some((field) => field.key === key)) others.push(fault);
    else byKey[key] = [byKey[key], inField(below, fault.message)].filter((each) => each !== undefined).join("; ");
  }
  return { byKey, others };
}

function inField(below: readonly string[], message: string): string {
  return below.length === 0 ? message : `${below.join("/")} ${message}`;
}
