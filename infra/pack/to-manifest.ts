import type { PackageSpec } from "./packages.ts";

type Door = { types: string; default?: string };

/** What a package.json of ours says that a packed one says as well. */
export interface OwnManifest {
  version: string;
  /** Each name with the source it stands for. */
  exports: Readonly<Record<string, string>>;
}

/** What is the same in every package of ours: that of the repository. */
export interface RootManifest {
  license: string;
}

/**
 * The package.json of a packed package: compiled files, exact versions, and nothing that runs when it is installed. `private`
 * keeps it out of registries by mistake.
 */
export function toManifest(
  spec: PackageSpec,
  own: OwnManifest,
  { license, dependencies }: RootManifest & { dependencies: Readonly<Record<string, string>> },
): object {
  return {
    name: spec.name,
    version: own.version,
    private: true,
    description: spec.description,
    license,
    type: "module",
    engines: { node: ">=24" },
    exports: toExports(spec, own.exports),
    dependencies,
  };
}

function toExports({ renamed = {}, added = {} }: PackageSpec, own: OwnManifest["exports"]): Record<string, Door> {
  const doors: Record<string, Door> = {};
  for (const [name, source] of Object.entries(own)) doors[renamed[name] ?? name] = toDoor(source.replace(/\.ts$/, ""));
  for (const [name, module] of Object.entries(added)) doors[name] = toDoor(`./${module}`);
  // Compilers have to find what is named in the types that ours infer; no program has a use for the code behind it.
  doors["./schemas/*"] = { types: "./schemas/*.d.ts" };
  return doors;
}

function toDoor(module: string): Door {
  return { types: `${module}.d.ts`, default: `${module}.js` };
}
