import { existsSync, readFileSync } from "node:fs";
import { readYaml } from "@soma/conf/read-conf";
import { describe, expect, it } from "vitest";
import { toConfigFiles } from "../config/config-files.ts";
import { JOBS, listSettings, PARTS, SUBGRAPHS } from "../config/list-settings.ts";
import { PROGRAMS } from "../config/programs.ts";

interface Service {
  image: string;
  command?: string[];
  env_file?: (string | { path: string; required: boolean })[];
  networks: string[];
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number; start_period: string };
  user: string;
  [key: string]: unknown;
}

const here = new URL("./", import.meta.url);
const root = new URL("../../", import.meta.url);
const stack = readYaml(new URL("compose.yaml", here)) as {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
};
const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { version: string };
const services = Object.entries(stack.services);
const isJob = (name: string): boolean => (JOBS as readonly string[]).includes(name);
const ofProduct: readonly string[] = [...PARTS, ...JOBS];
const settings = listSettings();
const readers = (env: string): readonly string[] => settings.find((each) => each.env === env)?.readBy ?? [];

/** What a service may say; whatever else there is, such as `privileged`, `environment` or `network_mode`, is not said. */
const WORDS = [
  ...["image", "command", "entrypoint", "env_file", "networks", "ports", "volumes", "depends_on", "healthcheck"],
  ...["user", "read_only", "tmpfs", "shm_size", "cap_drop", "security_opt", "mem_limit", "cpus", "pids_limit"],
  ...["stop_signal", "stop_grace_period", "restart", "logging"],
];

describe("compose.yaml", () => {
  it("has every part and every job of the product, and what they stand on", () => {
    const others = ["postgres", "kafka", "redis", "prometheus", "alertmanager", "otel-collector"];
    expect(Object.keys(stack.services).toSorted()).toEqual([...ofProduct, ...others].toSorted());
  });

  it("runs of each part its program, of its image", () => {
    for (const [name, { image, args }] of Object.entries(PROGRAMS)) {
      const service = stack.services[name];
      expect([name, service?.image]).toEqual([name, `localhost/${image}:${version}`]);
      expect([name, service?.command?.slice(0, args.length) ?? args]).toEqual([name, args]);
    }
  });

  it("bounds each service, and lets none of them be root, write to its image or gain rights", () => {
    for (const [name, service] of services) {
      expect([name, Object.keys(service).filter((word) => !WORDS.includes(word))]).toEqual([name, []]);
      expect([name, service]).toEqual([
        name,
        expect.objectContaining({
          user: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/),
          read_only: true,
          cap_drop: ["ALL"],
          security_opt: ["no-new-privileges:true"],
          mem_limit: expect.stringMatching(/^\d+[mg]$/),
          cpus: expect.any(Number),
          pids_limit: expect.any(Number),
          restart: isJob(name) ? "on-failure:5" : "unless-stopped",
          logging: expect.objectContaining({ options: { "max-size": "20m", "max-file": "3" } }),
        }),
      ]);
      expect([name, Number(service.cpus) > 0 && Number(service.pids_limit) > 0]).toEqual([name, true]);
    }
  });

  it("asks each service that stays for its health", () => {
    const asked = services.filter(([, { healthcheck }]) => healthcheck !== undefined).map(([name]) => name);
    expect(asked).toEqual(services.map(([name]) => name).filter((name) => !isJob(name)));
    for (const name of PARTS)
      expect([name, stack.services[name]?.healthcheck?.test]).toEqual([
        name,
        ["CMD", "node", "infra/images/healthy.js"],
      ]);
    for (const [name, { healthcheck }] of services)
      for (const word of ["interval", "timeout", "retries", "start_period"] as const)
        expect([name, word, healthcheck === undefined || healthcheck[word] !== undefined]).toEqual([name, word, true]);
  });

  it("names each image with an exact tag: that of the product's version, or a whole version of others", () => {
    for (const [name, { image }] of services) {
      const [, repository, tag] = /^(.+):([^:/]+)$/.exec(image) ?? [];
      expect([name, tag]).toEqual([name, expect.stringMatching(/^v?\d+\.\d+(?:\.\d+)?(?:-bookworm)?$/)]);
      const isOurs = ofProduct.includes(name);
      expect([name, repository?.startsWith("localhost/soma-")]).toEqual([name, isOurs]);
      if (isOurs) expect([name, tag]).toEqual([name, version]);
    }
  });

  it("gives no environment but by files: of the mode, of a service's own secrets, and of models where they are asked", () => {
    expect(toConfigFiles().has("infra/compose/compose.env")).toBe(true);
    for (const [name, { env_file = [] }] of services) {
      const files = env_file.map((file) => (typeof file === "string" ? file : file.path));
      const allowed = [
        ...(ofProduct.includes(name) ? ["compose.env"] : []),
        `secrets/${name}.env`,
        ...(readers("SOMA_MODEL_API_KEY").includes(name) ? ["models.env"] : []),
      ];
      expect([name, files.filter((file) => !allowed.includes(file))]).toEqual([name, []]);
      if (ofProduct.includes(name)) expect([name, files[0]]).toEqual([name, "compose.env"]);
      // What somebody sets by hand comes last and may be left out.
      for (const file of env_file)
        if (typeof file !== "string") expect(file).toEqual({ path: "models.env", required: false });
    }
  });

  it("is reached from this machine alone, at the gateway and where it is watched", () => {
    const open = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(open).toEqual([
      ["gateway", "127.0.0.1:4700:4700"],
      ["prometheus", "127.0.0.1:9090:9090"],
      ["alertmanager", "127.0.0.1:9093:9093"],
    ]);
  });

  it("mounts only volumes that it names, and files of its own that nobody can write to", () => {
    for (const [name, { volumes = [] }] of services)
      for (const volume of volumes) {
        const [from = "", , mode] = volume.split(":");
        const isFile = /^\.\.?\//.test(from) && mode === "ro" && existsSync(new URL(from, here));
        expect([name, volume, isFile || Object.hasOwn(stack.volumes, from)]).toEqual([name, volume, true]);
      }
  });
});

describe("kafka/topics.yaml", () => {
  it("is what ships, and has a tenant", () => {
    const shipped = readYaml(new URL("conf/topics.yaml", root)) as object;
    expect(readYaml(new URL("kafka/topics.yaml", here))).toEqual({ ...shipped, tenants: { local: {} } });
  });
});

describe("the networks of compose.yaml", () => {
  const membersOf = (zone: string): string[] =>
    services.filter(([, { networks }]) => networks.includes(zone)).map(([name]) => name);

  /** Zones by the settings whose readers belong there: nobody is somewhere by habit. */
  function zonesOf(part: string): string[] {
    const reads = (...names: string[]): boolean => names.some((env) => readers(env).includes(part));
    if (part === "tools") return ["sandbox", "web"];
    const asks = (name: string): string => `SOMA_SUBGRAPH_${name.toUpperCase()}_URL`;
    const isAsked = (SUBGRAPHS as readonly string[]).includes(part);
    const zones = {
      edge: part === "gateway",
      calls: isAsked || SUBGRAPHS.some((name) => reads(asks(name))),
      sandbox: reads(asks("tools")) || (isAsked && readers(asks(part)).includes("tools")),
      data: reads("DATABASE_URL", "WORKER_DATABASE_URL", "OWNER_DATABASE_URL"),
      events: reads("SOMA_KAFKA_BROKERS") && PROGRAMS[part as keyof typeof PROGRAMS].set?.SOMA_EVENT_BUS !== "hold",
      cache: reads("SOMA_GATEWAY_REDIS_URL"),
      models: reads("SOMA_MODEL_BASE_URL"),
      watch: reads("OTEL_EXPORTER_OTLP_ENDPOINT"),
    };
    return Object.entries(zones).flatMap(([zone, isIn]) => (isIn ? [zone] : []));
  }

  it("have each part where its settings lead, and nowhere else", () => {
    const found = ofProduct.map((name) => [name, stack.services[name]?.networks.toSorted()]);
    expect(found).toEqual(ofProduct.map((name) => [name, zonesOf(name).toSorted()]));
  });

  it("part tools from runs, memory, the cache and whoever opens Prometheus or the gateway", () => {
    const near = new Set((stack.services.tools?.networks ?? []).flatMap(membersOf));
    for (const name of ["runs", "memory", "redis", "alertmanager", "tables", "topics"])
      expect([name, near.has(name)]).toEqual([name, false]);
    expect(stack.services.tools?.networks).not.toContain("edge");
  });

  it("lead out of this machine only from the gateway, models, the web of tools and what is opened here", () => {
    const open = Object.entries(stack.networks).filter(([, { internal }]) => internal !== true);
    expect(open.map(([zone]) => [zone, membersOf(zone)])).toEqual([
      ["edge", ["gateway"]],
      ["models", ["runs", "worker"]],
      ["web", ["tools"]],
      ["see", ["prometheus", "alertmanager"]],
    ]);
    for (const name of ["postgres", "kafka", "redis"])
      for (const zone of stack.services[name]?.networks ?? [])
        expect([name, zone, stack.networks[zone]?.internal]).toEqual([name, zone, true]);
  });
});

describe("what watches the stack", () => {
  const watch = (name: string) => readYaml(new URL(`watch/${name}.yaml`, here));

  it("asks every part for its metrics", () => {
    const { scrape_configs } = watch("prometheus") as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    const targets = scrape_configs.find(({ job_name }) => job_name === "soma")?.static_configs[0]?.targets;
    expect(targets?.toSorted()).toEqual(PARTS.map((part) => `${part}:9464`).toSorted());
  });

  it("alerts on metrics that there are", () => {
    const { rule_files } = watch("prometheus") as { rule_files: string[] };
    expect(rule_files).toEqual(["/etc/soma/alerts.yaml", "/etc/soma-alerts/*.yaml"]);
    const { groups } = watch("alerts") as { groups: { rules: { alert: string; expr: string }[] }[] };
    for (const { alert, expr } of groups.flatMap((group) => group.rules))
      expect([alert, expr]).toEqual([alert, expect.stringMatching(/^up\{job="(soma|watch)"\} == 0$/)]);
  });
});
