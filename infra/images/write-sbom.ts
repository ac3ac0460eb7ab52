import { readFileSync } from "node:fs";
import { type InstalledPackage, toSbom } from "./sbom.ts";

/** Prints what npm has installed here, for an image of a name: `write-sbom.ts NAME`. Run where the image is built. */
const [name = ""] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const { packages } = JSON.parse(readFileSync("node_modules/.package-lock.json", "utf8")) as {
  packages: Record<string, InstalledPackage>;
};
process.stdout.write(toSbom({ name, version, packages }));
