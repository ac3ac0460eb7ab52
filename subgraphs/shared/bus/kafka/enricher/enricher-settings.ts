import { ConfigError, readSettings, text } from "../../../config.ts";

const settings = {
  topics: text({
    env: "SOMA_ENRICHER_TOPICS",
    doc: "events of whose topics the enricher writes copies with traces, such as agent.tools.v1, with commas",
  }),
};

const NAME = /^[a-z][a-z0-9.-]{0,80}\.v[1-9][0-9]*$/;

/** Which topics are copied, without soma.TENANT before them. Throws ConfigError with every fault. */
export function readEnricherSettings(env: Record<string, string | undefined>): { topics: string[] } {
  const topics = readSettings(settings, env)
    .topics.split(",")
    .flatMap((topic) => topic.trim() || []);
  const faults = topics
    .filter((topic) => !NAME.test(topic))
    .map((topic) => `SOMA_ENRICHER_TOPICS: "${topic}" is no name of an event, such as agent.tools.v1`);
  if (topics.length === 0) faults.push("SOMA_ENRICHER_TOPICS names no event");
  if (faults.length > 0) throw new ConfigError(faults);
  return { topics };
}
