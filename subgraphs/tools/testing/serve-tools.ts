/** A tools process of its own for tests that kill one: settings from the environment, its URL on stdout. */
import { writeSync } from "node:fs";
import { createLocalBus } from "@soma/shared/bus/local-bus";
import { createSilentLog } from "@soma/shared/log";
import { startTools } from "../main.ts";
import { keepOnce } from "./keep-once.ts";

const running = await startTools({
  env: process.env,
  bus: createLocalBus(),
  log: createSilentLog(),
  moreTools: [keepOnce],
});
writeSync(1, `${running.url}\n`);
