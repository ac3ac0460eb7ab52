import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { packPackages } from "./pack-packages.ts";

const [folder = fileURLToPath(new URL("../../packed", import.meta.url))] = process.argv.slice(2);

for (const path of await packPackages(resolve(folder))) console.log(relative(process.cwd(), path));
