import { fileURLToPath } from "node:url";

/** A line of a file of the project. */
interface Place {
  file: string;
  line: number;
}

/**
 * The first place in the project that the stack of an error names. Calls stand there with the URLs under which files were loaded;
 * of faults of syntax Node writes the place above the stack, with a URL or a path, and of some it tells none.
 */
export function placeIn(root: string, error: unknown): Place | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const after of stack.split(root).flatMap((part) => part.split(fileURLToPath(root)))) {
    const [, path, loading, line] = /^([^?:\n]+\.[tj]s)(\?loading=\d+)?:(\d+)/.exec(after) ?? [];
    if (path === undefined || path.startsWith("node_modules/")) continue;
    return { file: loading === undefined ? path : decodeURIComponent(path), line: Number(line) };
  }
  return undefined;
}
