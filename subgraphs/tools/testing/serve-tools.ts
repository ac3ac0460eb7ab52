/** A tools process of its own for tests that kill one: settings from the environment, its URL on stdout. */
import { writeSync } from "node:fs";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createSilentLog } from "@soma/shared/log";
import { startTools } from "../main.ts";
import { keepOnce } from "./keep-once.ts";

const moreTools = [keepOnce];
const running = await startTools({
  env: process.env,
  bus: createLocalBus(),
  log: createSilentLog(),
  moreTools: () => moreTools,
});
writeSync(1, `${running.url}\n`);
