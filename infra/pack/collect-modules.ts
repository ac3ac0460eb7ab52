import { posix } from "node:path";

/** Packages of ours whose modules come along with whoever imports them, and where they stand in the repository. */
const CARRIED: Readonly<Record<string, string>> = { schemas: "schemas", shared: "subgraphs/shared" };

/** What stands between the quotes of an import, in code and in declarations as the compiler writes them; not in comments. */
const SPECIFIER = /(?<=^(?:(?:import|export|\}).* from|import) ["']|\bimport\(["'])[^"'\n]+(?=["'])/gm;

export interface Collected {
  /** Texts by their paths in the package. */
  files: ReadonlyMap<string, string>;
  /** Packages of others that they import. */
  packages: ReadonlySet<string>;
}

/**
 * The modules of a package and all of ours that these reach, each importing the others where it stands now: those of `folder`
 * at the top, the rest in a folder with its package's name. Paths are those of the repository, of compiled files.
 */
export function collectModules(folder: string, own: readonly string[], read: (path: string) => string): Collected {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const waiting = [...own];
  for (const path of waiting) {
    const place = placeOf(path, folder);
    if (files.has(place)) continue;
    const text = read(path).replaceAll(SPECIFIER, (specifier) => {
      const module = moduleOf(specifier, path);
      if (module === undefined) {
        if (!specifier.startsWith("node:")) packages.add(packageOf(specifier));
        return specifier;
      }
      waiting.push(`${module}.js`, `${module}.d.ts`);
      const to = posix.relative(posix.dirname(place), placeOf(`${module}.js`, folder));
      return to.startsWith(".") ? to : `./${to}`;
    });
    files.set(place, text);
  }
  return { files, packages };
}

/** The path of a module of ours, without its ending; undefined for one of others. Declarations name it by its source. */
function moduleOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(importer), specifier.replace(/\.[jt]s$/, ""));
  const [scope, name = "", ...rest] = specifier.split("/");
  if (scope !== "@soma") return undefined;
  const home = CARRIED[name];
  if (home === undefined)
    throw new Error(
      `${importer} imports ${specifier}, which is not packed; of our packages ${Object.keys(CARRIED).join(" and ")} are: import of those, or add it to CARRIED and to the tsconfig.json beside it`,
    );
  return `${home}/${rest.join("/")}`;
}

function placeOf(path: string, folder: string): string {
  if (path.startsWith(`${folder}/`)) return path.slice(folder.length + 1);
  for (const [name, home] of Object.entries(CARRIED))
    if (path.startsWith(`${home}/`)) return `${name}${path.slice(home.length)}`;
  throw new Error(`${path} is neither in ${folder} nor in a package that comes along with it`);
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
