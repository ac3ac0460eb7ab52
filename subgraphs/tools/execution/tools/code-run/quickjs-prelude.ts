const MAX_LINE = 1_000_000;

/**
 * Runs inside QuickJS before the code: puts the console together from the host's `write` and `sleep` and gives a function
 * that prints the code's value. It holds on to the originals, so that code that changes them only confuses itself.
 */
export const PRELUDE = `(write, sleep) => {
  const { stringify } = JSON, text = String;
  function plain(seen) {
    return function (key, item) {
      if (typeof item === "bigint") return text(item) + "n";
      if (typeof item === "function" || typeof item === "symbol") return "[" + typeof item + "]";
      if (typeof item !== "object" || item === null) return item;
      while (seen.length > 0 && seen[seen.length - 1] !== this) seen.pop();
      if (seen.includes(item)) return "[circular]";
      const shown = item instanceof Map || item instanceof Set ? [...item] : item instanceof Error ? text(item) : item;
      seen.push(shown);
      return shown;
    };
  }
  function show(value) {
    if (typeof value === "string") return value;
    if (typeof value === "bigint") return text(value) + "n";
    if (typeof value !== "object" || value === null) return text(value);
    try {
      if (value instanceof Error) return text(value);
      return stringify(value, plain([])) ?? text(value);
    } catch (error) {
      return "[" + text(error && error.message) + "]";
    }
  }
  // More than any invocation keeps; a longer line would not fit into memory once more on its way out.
  const print = (...values) => {
    const line = values.map(show).join(" ");
    // A NUL would end the text on its way out.
    write((line.length > ${MAX_LINE} ? line.slice(0, ${MAX_LINE}) : line).replaceAll("\\0", "\\ufffd") + "\\n");
  };
  globalThis.print = print;
  globalThis.console = { log: print, info: print, debug: print, warn: print, error: print };
  globalThis.sleep = (ms) => sleep(Number(ms));
  return (value) => {
    if (value !== undefined) print(value);
  };
}`;
