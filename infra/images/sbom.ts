/** A package as npm says in node_modules/.package-lock.json that it has installed it. */
export interface InstalledPackage {
  version?: string;
  integrity?: string;
  license?: string;
  /** A workspace of ours: it is no package of others. */
  link?: boolean;
}

interface SbomParams {
  /** The image, and its version. */
  name: string;
  version: string;
  /** Packages by the folders they stand in. */
  packages: Readonly<Record<string, InstalledPackage>>;
}

const MODULES = "node_modules/";

/** What is installed, as CycloneDX: each package once, in the order of its name; the same packages make the same text. */
export function toSbom({ name, version, packages }: SbomParams): string {
  const components = Object.entries(packages)
    .filter(([folder, { link, version: has }]) => folder.includes(MODULES) && link !== true && has !== undefined)
    .map(([folder, { version: has = "", integrity, license }]) => {
      const named = folder.slice(folder.lastIndexOf(MODULES) + MODULES.length);
      return {
        type: "library",
        name: named,
        version: has,
        purl: `pkg:npm/${named.replace("@", "%40")}@${has}`,
        ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
        ...(integrity?.startsWith("sha512-") ? { hashes: [{ alg: "SHA-512", content: toHex(integrity) }] } : {}),
      };
    });
  const once = new Map(components.map((component) => [component.purl, component]));
  const sorted = [...once.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component);
  const metadata = { component: { type: "container", name, version } };
  return `${JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.5", version: 1, metadata, components: sorted }, undefined, 2)}\n`;
}

function toHex(integrity: string): string {
  return Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
}
