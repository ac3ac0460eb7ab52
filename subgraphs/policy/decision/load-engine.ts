import { readFile, stat } from "node:fs/promises";
import { confFolder, SHIPPED_CONF } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import type { Log } from "@soma/shared/log";
import { grantTools, type ProjectTool } from "../domain/grant-tools.ts";
import type { PolicyEngine } from "./policy-engine.ts";
import { createWasmEngine } from "./wasm/wasm-engine.ts";

/** The tools of a project; another list whenever it has changed. */
export type ProjectTools = () => readonly ProjectTool[];

interface LoadEngineParams {
  /** Folder with tools.wasm; empty takes the shipped one. */
  bundleDir: string;
  /** Folder with roles.yaml; empty takes the shipped one. */
  confDir: string;
  projectTools: ProjectTools;
  log: Log;
}

/** The engine of the settings. A bundle that is not there, or broken, gives one that denies; faulty roles throw. */
export async function loadEngine({ bundleDir, confDir, projectTools, log }: LoadEngineParams): Promise<PolicyEngine> {
  const bundle = bundleDir === "" ? new URL("policies/", SHIPPED_CONF) : confFolder(bundleDir);
  const wasm = await readBundle(new URL("tools.wasm", bundle)).catch((error: unknown) => {
    log.error({ err: error, folder: bundle.pathname }, "there is no policy bundle");
    return new Uint8Array();
  });
  return createWasmEngine({ wasm, data: rolesWith(loadRoles(confFolder(confDir)), projectTools), log });
}

/** What decides is kept, and given as base64 to who verifies it: the gateway takes answers of 16 MB. */
const MAX_BUNDLE_BYTES = 8_388_608;

async function readBundle(file: URL): Promise<Uint8Array> {
  const { size } = await stat(file);
  if (size > MAX_BUNDLE_BYTES) throw new Error(`it has ${size} bytes, and ${MAX_BUNDLE_BYTES} are the most`);
  return readFile(file);
}

/** The policy's data: another object whenever the tools of the project are. */
function rolesWith(conf: ReturnType<typeof loadRoles>, projectTools: ProjectTools): () => object {
  let tools: readonly ProjectTool[] | undefined;
  let data = {};
  return () => {
    const now = projectTools();
    if (now !== tools) data = { roles: grantTools(conf, now) };
    tools = now;
    return data;
  };
}
