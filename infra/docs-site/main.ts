/** `npm run docs`: the site of the documentation, in `.tmp/site`. */
import { buildSite } from "./build-site.ts";

try {
  process.stderr.write(await buildSite());
  console.log("The site is in .tmp/site");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
