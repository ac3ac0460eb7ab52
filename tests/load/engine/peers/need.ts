import { createRequire } from "node:module";

const load = createRequire(import.meta.url);

const INSTALL = "npm install --prefix tests/load/engine/peers --ignore-scripts --no-package-lock";

/** A package of a peer. They are installed by hand, so the compiler does not know them: `T` is what is asked of it. */
export function need<T>(name: string): T {
  try {
    return load(name) as T;
  } catch (cause) {
    throw new Error(`${name} is not installed for the peers; run: ${INSTALL}`, { cause });
  }
}

/** Where a file of such a package is. */
export function needFile(path: string): string {
  try {
    return load.resolve(path);
  } catch (cause) {
    throw new Error(`${path} is not installed for the peers; run: ${INSTALL}`, { cause });
  }
}
