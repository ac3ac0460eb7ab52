import { oneOf, readSettings } from "@soma/shared/config";

const firstMinutesSettings = {
  firstMinutes: oneOf(["on", "off"], {
    env: "SOMA_FIRST_MINUTES",
    doc: "whether `npm start` without a project has sample agents, a worker process that may be killed, and at the first start three finished runs: on or off",
    default: "on",
  }),
};

/** Whether there are things to try; with a project somebody knows what to try. */
export function wantsFirstMinutes(env: Record<string, string | undefined>, projectDir: string | undefined): boolean {
  return projectDir === undefined && readSettings(firstMinutesSettings, env).firstMinutes === "on";
}
