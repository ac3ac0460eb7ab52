import { confFolder } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import { readModelConfig } from "@soma/runs/config";
import { createModelSource } from "@soma/runs/models";

/**
 * Which model the next start on this machine would use, as one JSON object `{ok, detail}`: asked by `soma doctor`,
 * which is a client and knows nothing of models.
 */
const { env } = process;

try {
  const confDir = confFolder(env.SOMA_CONF_DIR ?? "");
  const { chosen, reason } = await createModelSource({
    confDir,
    env,
    settings: readModelConfig(env),
    roles: Object.keys(loadRoles(confDir).roles),
  });
  print(true, `would use ${chosen.profile} (${chosen.model}): ${reason}`);
} catch (error) {
  print(false, error instanceof Error ? error.message : String(error));
}

function print(ok: boolean, detail: string): void {
  process.stdout.write(`${JSON.stringify({ ok, detail })}\n`);
}
