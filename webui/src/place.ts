/** Where in the product the address leads. */
export type Place =
  | { kind: "new" }
  | { kind: "session"; id: string }
  | { kind: "run"; id: string }
  | { kind: "nowhere" };

const ID = "[\\w.-]{1,100}";
const SESSION = new RegExp(`^/sessions/(${ID})/?$`);
const RUN = new RegExp(`^/runs/(${ID})/?$`);

export function toPlace(path: string): Place {
  if (path === "/" || path === "") return { kind: "new" };
  const session = SESSION.exec(path)?.[1];
  if (session !== undefined) return { kind: "session", id: session };
  const run = RUN.exec(path)?.[1];
  return run === undefined ? { kind: "nowhere" } : { kind: "run", id: run };
}

export function sessionPath(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`;
}

export function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}
