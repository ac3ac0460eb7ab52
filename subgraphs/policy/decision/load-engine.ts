import { readFile } from "node:fs/promises";
import { confFolder, SHIPPED_CONF } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import type { Log } from "@soma/shared/log";
import type { PolicyEngine } from "./policy-engine.ts";
import { createWasmEngine } from "./wasm/wasm-engine.ts";

interface LoadEngineParams {
  /** Folder with tools.wasm; empty takes the shipped one. */
  bundleDir: string;
  /** Folder with roles.yaml; empty takes the shipped one. */
  confDir: string;
  log: Log;
}

/** The engine of the settings. A bundle that is not there, or broken, gives one that denies; faulty roles throw. */
export async function loadEngine({ bundleDir, confDir, log }: LoadEngineParams): Promise<PolicyEngine> {
  const bundle = bundleDir === "" ? new URL("policies/", SHIPPED_CONF) : confFolder(bundleDir);
  const wasm = await readFile(new URL("tools.wasm", bundle)).catch((error: unknown) => {
    log.error({ err: error, folder: bundle.pathname }, "there is no policy bundle");
    return new Uint8Array();
  });
  return createWasmEngine({ wasm, data: { roles: loadRoles(confFolder(confDir)).roles }, log });
}
