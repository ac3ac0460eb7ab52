import { SHIPPED_CONF } from "@soma/conf/read-conf";
import { createModelSource, type ModelSource } from "../models/model-source.ts";

/** The models of a process that uses the scripted one. */
export function scriptedModels(): Promise<ModelSource> {
  const settings = { modelProfile: "scripted", firstTokenMs: 0, silenceMs: 0, totalMs: 0 };
  return createModelSource({ confDir: SHIPPED_CONF, env: {}, settings });
}
