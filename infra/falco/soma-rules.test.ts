import { globSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type FalcoEvent, fieldsOf, holds, parseCondition, readRules } from "./testing/read-rules.ts";

const all = readRules(new URL("./soma-rules.yaml", import.meta.url));
const conditions = all.rules.map(({ rule, condition }) => ({ rule, node: parseCondition(condition, all) }));
const alertsOf = (event: FalcoEvent): string[] =>
  conditions.filter(({ node }) => holds(node, event)).map(({ rule }) => rule);

/** Fields of Falco that are asked for or told; a name that Falco has not makes it refuse the whole file. */
const FIELDS = [
  ...["container.id", "container.image.repository", "evt.args", "evt.is_open_write", "evt.type", "fd.name", "fd.num"],
  ...["fd.typechar", "k8s.ns.name", "k8s.pod.name", "proc.cmdline", "proc.exepath", "proc.is_exe_upper_layer"],
  ...["proc.name", "proc.pname"],
];

const server = { "container.image.repository": "registry.example.com/soma/soma-server", "proc.name": "node" };
const tools = {
  ...server,
  "container.image.repository": "registry.example.com/soma/soma-tools",
  "proc.cmdline": "node subgraphs/tools/main.ts",
};
const code = { ...tools, "proc.cmdline": "node --permission --no-experimental-sqlite child/host.ts" };
const opened = { "evt.type": "openat", "fd.num": 12, "fd.typechar": "f", "evt.is_open_write": false };

const ATTACKS: [rule: string, event: FalcoEvent][] = [
  ["Soma starts another program", { ...server, "evt.type": "execve", "proc.name": "sh" }],
  [
    "Soma starts a program that its image has not",
    { ...tools, "evt.type": "execveat", "proc.is_exe_upper_layer": true },
  ],
  ["Soma code reaches for the network", { ...code, "evt.type": "connect", "fd.typechar": "4" }],
  ["Soma code sends a signal", { ...code, "evt.type": "kill" }],
  ["Soma code reads a secret", { ...code, ...opened, "fd.name": "/run/secrets/soma/kafka-password" }],
  ["Soma code reads a secret", { ...code, ...opened, "fd.name": "/proc/1/environ" }],
  [
    "Soma writes where nothing is kept",
    { ...server, ...opened, "evt.is_open_write": true, "fd.name": "/app/subgraphs/runs/main.ts" },
  ],
  ["Soma grabs for the kernel", { ...server, "evt.type": "unshare" }],
];

/** What the parts do all day. */
const DAILY: FalcoEvent[] = [
  { ...server, "evt.type": "execve" },
  { ...server, "evt.type": "connect", "fd.typechar": "4", "proc.cmdline": "node subgraphs/runs/main.ts" },
  { ...tools, "evt.type": "connect", "fd.typechar": "6" },
  { ...tools, "evt.type": "kill" },
  { ...code, "evt.type": "execve" },
  { ...code, "evt.type": "connect", "fd.typechar": "u" },
  { ...code, ...opened, "fd.name": "/app/subgraphs/tools/execution/sandboxes/child/host.ts" },
  { ...tools, ...opened, "fd.name": "/run/secrets/soma/kafka-password" },
  { ...tools, ...opened, "evt.is_open_write": true, "fd.name": "/var/lib/soma/notes/acme/list.md" },
  { ...server, ...opened, "evt.is_open_write": true, "fd.name": "/dev/null" },
  { ...server, "container.image.repository": "docker.io/library/postgres", "evt.type": "execve", "proc.name": "sh" },
];

describe("the rules for Falco", () => {
  it("are whole, and ask and tell of fields that there are", () => {
    expect(all.rules.length).toBeGreaterThan(5);
    for (const { rule, desc, output, priority, tags } of all.rules) {
      expect([rule, desc.length > 10, priority]).toEqual([rule, true, expect.stringMatching(/^(CRITICAL|ERROR)$/)]);
      expect([rule, tags[0]]).toEqual([rule, "soma"]);
      const told = [...output.matchAll(/%([a-z0-9._]+)/g)].map(([, field = ""]) => field);
      expect([rule, told.filter((field) => !FIELDS.includes(field))]).toEqual([rule, []]);
      expect(told).toEqual(expect.arrayContaining(["container.id", "k8s.pod.name"]));
    }
    for (const { rule, node } of conditions)
      expect([rule, fieldsOf(node).filter((field) => !FIELDS.includes(field))]).toEqual([rule, []]);
    expect(() => parseCondition("soma_nothing and evt.type = kill", all)).toThrow("there is no macro soma_nothing");
    expect(() => parseCondition("(evt.type = kill", all)).toThrow('"" stands where ")" should');
  });

  it.each(ATTACKS)("%s", (rule, event) => {
    expect(alertsOf(event)).toEqual([rule]);
  });

  it("have an attack each, and are silent about what the parts do all day", () => {
    expect(new Set(ATTACKS.map(([rule]) => rule))).toEqual(new Set(all.rules.map(({ rule }) => rule)));
    expect(DAILY.flatMap(alertsOf)).toEqual([]);
  });

  it("know every image that there is a Dockerfile of", () => {
    const files = globSync("../images/*.Dockerfile", { cwd: fileURLToPath(new URL("./", import.meta.url)) });
    for (const image of files.map((file) => `soma-${basename(file, ".Dockerfile")}`))
      expect([image, all.macros.get("soma_container")?.includes(`/${image}`)]).toEqual([image, true]);
  });
});
