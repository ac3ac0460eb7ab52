/** What a package is made of that others install from a file. */
export interface PackageSpec {
  name: string;
  /** The package of ours that it is compiled of; what that exports, this one does. */
  folder: string;
  description: string;
  /** The page that its users read first, beside this file. */
  readme: string;
  /** Exports that have another name here than in our own package. */
  renamed?: Readonly<Record<string, string>>;
  /** Modules of our schemas that its users import as well, by the name they have for them. */
  added?: Readonly<Record<string, string>>;
}

export const PACKAGES: readonly PackageSpec[] = [
  {
    name: "@soma/sdk",
    folder: "subgraphs/sdk",
    description: "What agents and tools of SomaAgent01 are written against, and tested with",
    readme: "sdk.md",
  },
  {
    name: "@soma/client",
    folder: "graphql",
    description: "Typed client of SomaAgent01: starts runs, and follows them verified and without gaps",
    readme: "client.md",
    renamed: { "./client": "." },
    added: {
      "./data-folder": "schemas/data-folder",
      "./run-chain": "schemas/run-chain",
      "./run-history": "schemas/run-history",
    },
  },
];
