import { accessSync, constants, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readYaml } from "@soma/conf/read-conf";
import { describe, expect, it } from "vitest";
import { OVERLAYS } from "./read-release.ts";
import { STEPS } from "./steps.ts";

interface WorkflowStep {
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, unknown>;
}
interface Job {
  needs?: string[];
  "timeout-minutes"?: number;
  permissions?: Record<string, string>;
  environment?: string;
  steps: WorkflowStep[];
}
interface Workflow {
  on: Record<string, { inputs: Record<string, { options?: string[]; default: unknown }> }>;
  permissions: object;
  concurrency: { "cancel-in-progress": boolean };
  env: Record<string, string>;
  jobs: Record<string, Job>;
}

const root = new URL("../../", import.meta.url);
const file = new URL(".github/workflows/deploy-soma-stack.yml", root);
const text = readFileSync(file, "utf8");
const workflow = readYaml(file) as Workflow;
const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  scripts: Record<string, string>;
};
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const commandsOf = (job: string): string[] => (workflow.jobs[job]?.steps ?? []).flatMap(({ run }) => run ?? []);

/** What a step runs: a script of the package, one of a folder of ours, or a step of a release. */
function isThere(command: string): boolean {
  if (command === "npm ci" || command === "npm test") return true;
  const [, script] = /^npm run (\S+)$/.exec(command) ?? [];
  if (script !== undefined) return script in scripts;
  const [program = "", name = ""] = command.split(" ");
  if (!/^infra\/[\w/-]+\.sh$/.test(program)) return false;
  accessSync(new URL(program, root), constants.X_OK);
  return program !== "infra/release.sh" || name in STEPS;
}

describe("the workflow deploy-soma-stack", () => {
  it("is the only one", () => {
    expect(globSync(".github/**/*.{yml,yaml}", { cwd: fileURLToPath(root) })).toEqual([
      ".github/workflows/deploy-soma-stack.yml",
    ]);
  });

  it("runs scripts of this project alone, each of which is there", () => {
    const commands = steps.flatMap(({ run }) => run ?? []);
    expect(commands.length).toBeGreaterThan(12);
    expect(commands.filter((command) => !isThere(command))).toEqual([]);
    // What is put together from what somebody typed would be run as it was typed.
    expect(commands.filter((command) => command.includes("${{"))).toEqual([]);
    expect(Object.keys(STEPS).filter((name) => !commands.includes(`infra/release.sh ${name}`))).toEqual([]);
  });

  it("names every action by 40 digits, with its version beside them, and the same one everywhere", () => {
    const used = [...text.matchAll(/uses: (.*)$/gm)].map(([, action = ""]) => action);
    expect(used.length).toBe(steps.filter(({ uses }) => uses !== undefined).length);
    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
    const names = new Set(used.map((action) => action.split("@")[0]));
    expect(new Set(used).size).toBe(names.size);
    expect([...names].toSorted()).toEqual([
      "actions/checkout",
      "actions/setup-node",
      "actions/setup-python",
      "actions/upload-artifact",
    ]);
    for (const { uses, with: given } of steps)
      if (uses?.startsWith("actions/checkout@")) expect(given).toMatchObject({ "persist-credentials": false });
  });

  it("may do nothing but read, and the job of the images write packages", () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, { permissions, "timeout-minutes": minutes }] of Object.entries(workflow.jobs)) {
      expect([name, permissions]).toEqual([
        name,
        name === "images" ? { contents: "read", packages: "write" } : { contents: "read" },
      ]);
      expect([name, minutes]).toEqual([name, expect.any(Number)]);
    }
    const secrets = [...text.matchAll(/\$\{\{ secrets\.(\w+) \}\}/g)].map(([, name]) => name);
    expect([...new Set(secrets)].toSorted()).toEqual(["RELEASE_KUBECONFIG", "SOMA_TOKEN"]);
    expect(JSON.stringify(Object.entries(workflow.jobs).filter(([name]) => name !== "deploy"))).not.toContain(
      "secrets.",
    );
  });

  it("is started by hand, for the modes that have an overlay, and by itself changes nothing", () => {
    expect(Object.keys(workflow.on)).toEqual(["workflow_dispatch"]);
    const { inputs } = workflow.on.workflow_dispatch ?? { inputs: {} };
    expect(inputs.DEPLOY_MODE?.options).toEqual(Object.keys(OVERLAYS));
    expect(inputs.dry_run?.default).toBe(true);
    expect(workflow.env).toMatchObject({
      DEPLOY_MODE: expect.stringContaining("inputs.DEPLOY_MODE"),
      DRY_RUN: expect.stringContaining("inputs.dry_run"),
    });
    expect(workflow.concurrency["cancel-in-progress"]).toBe(false);
  });

  it("deploys what was checked, tested and scanned, looks at it, and goes back when a step failed", () => {
    const { jobs } = workflow;
    expect([jobs.images?.needs, jobs.deploy?.needs, jobs.bench?.needs]).toEqual([
      ["config", "verify", "scan"],
      ["images"],
      ["deploy"],
    ]);
    expect(commandsOf("verify")).toEqual(expect.arrayContaining(["npm run check", "npm test", "npm run docs"]));
    expect(commandsOf("scan").join()).toContain("infra/scan.sh --vulnerabilities --fail-on CRITICAL");
    expect(commandsOf("deploy")).toEqual([
      "npm ci",
      ...["deploy", "validate", "canary", "rollback"].map((name) => `infra/release.sh ${name}`),
    ]);
    expect(jobs.deploy?.environment).toContain("inputs.DEPLOY_MODE");
    expect(jobs.deploy?.steps.find(({ run }) => run?.endsWith("rollback"))?.if).toBe("failure() || cancelled()");
  });
});
