#!/usr/bin/env node
/**
 * What the command `soma` starts. Plain JavaScript, because it may run on any Node that is first in the path; everything
 * else runs on Node 24: on this one, or on the one that npm installed.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 24;
const here = dirname(fileURLToPath(import.meta.url));

/** The Node of the nearest node_modules upwards. */
function findInstalled() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  for (let folder = here; ; folder = dirname(folder)) {
    const path = join(folder, "node_modules/node/bin", name);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

function handOver(node) {
  const child = spawn(node, [join(here, "soma.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
  // Ctrl-C reaches the whole process group; other signals are handed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`soma: ${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) await import("./soma.ts");
else {
  const node = findInstalled();
  if (node !== undefined) handOver(node);
  else {
    console.error(
      `soma: Node ${NEEDED_MAJOR} is needed and this is ${process.versions.node}; run \`npm start\` once, which installs it, or put a newer Node first in the path`,
    );
    process.exit(1);
  }
}
