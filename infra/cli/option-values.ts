import { InvalidArgumentError, Option } from "commander";

/** A port as somebody typed it. */
export const toPort = between(1, 65_535, "a port number, 1 to 65535");

/** How many of a page. */
export const toCount = between(1, 200, "1 to 200");

/** How many journals. */
export const toJournals = between(1, 1_000_000, "1 to 1000000");

/** How large a benchmark is. */
export const toSize = between(1, 1_000_000, "a whole number, 1 to 1000000");

/** Seconds, up to a month. */
export const toSeconds = between(0, 2_678_400, "seconds, 0 to 2678400");

/** The number of an event of a run. */
export const toSeq = between(1, Number.MAX_SAFE_INTEGER, "the number of an event, 1 or more");

const toStep = between(1, Number.MAX_SAFE_INTEGER, "numbers of steps, as 3 or 3,5");

/** Numbers of steps of a run, between commas. */
export function toSteps(text: string): number[] {
  return text.split(",").map((part) => toStep(part));
}

function between(least: number, most: number, words: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`it must be ${words}`);
  };
}

/** An option whose words help and completion tell; what is typed is checked, by its name, where it is used. */
export function wordOption(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, description).choices(words).argParser((text) => text);
}
