import { SomaError } from "@soma/shared/errors";

/** Characters, as Postgres counts them. */
export const MAX_TITLE = 200;

/** What a session is to be called, on one line; null when it is to have no name of its own. */
export function parseTitle(title: string): string | null {
  const line = title.replace(/\s+/gu, " ").trim();
  const { length } = [...line];
  if (length > MAX_TITLE)
    throw new SomaError("BAD_INPUT", `a session is called by at most ${MAX_TITLE} characters, and this has ${length}`);
  return line === "" ? null : line;
}
