import { SomaError } from "../errors.ts";

/**
 * The object that another subgraph, or `node`, named by its id. Throws NOT_FOUND where there is none: a null here would
 * show at the caller as a fault of ours, in the first field that is never null.
 */
export async function referenced<T>(type: string, id: string, found: Promise<T | null>): Promise<T> {
  const object = await found;
  if (object === null) throw new SomaError("NOT_FOUND", `${type} "${id.slice(0, 80)}" does not exist`);
  return object;
}
