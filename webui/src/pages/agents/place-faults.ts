import { isRecord } from "@soma/schemas/json";
import type { CombinedError } from "urql";
import { pointerParts } from "../../ui/json-pointer.ts";
import type { FormField } from "./form-fields.ts";

/** What of an input is not taken: a JSON pointer, empty for the input itself. */
export interface InputFault {
  path: string;
  message: string;
}

/** The faults of an input that an error of the API tells; none where it is about something else. */
export function faultsOf({ graphQLErrors }: CombinedError): InputFault[] {
  const faults: unknown = graphQLErrors[0]?.extensions.faults;
  return Array.isArray(faults) ? faults.filter(isFault) : [];
}

function isFault(value: unknown): value is InputFault {
  return isRecord(value) && typeof value.path === "string" && typeof value.message === "string";
}

/** Each fault beside the field it is of, by its key, and those that are of none. */
export function placeFaults(
  fields: readonly FormField[],
  faults: readonly InputFault[],
): { byKey: Record<string, string>; others: InputFault[] } {
  const byKey: Record<string, string> = {};
  const others: InputFault[] = [];
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
