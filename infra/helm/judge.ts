/**
 * Says what breaks a rule of rules/render.rego in what Helm would install, and ends with 1 when something does.
 *
 *   helm template … | node infra/helm/judge.ts
 */
import { text } from "node:stream/consumers";
import { parseYamlStream } from "@soma/conf/read-conf";
import { loadRules } from "./testing/load-rules.ts";

const manifests = parseYamlStream(await text(process.stdin));
const faults = (await loadRules())(manifests);
const told = faults.length > 0 ? faults : [`none of ${manifests.length} manifests breaks a rule`];
process.stdout.write(`${told.join("\n")}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
