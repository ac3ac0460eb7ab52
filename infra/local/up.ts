import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// What an earlier start has compiled is a sixth of a start. It is kept beside the packages, and goes with them; where that
// folder cannot be written, nothing is kept. Before the program itself, whose modules are compiled as they are linked.
enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/soma", import.meta.url)));
await import("./run-embedded.ts");
