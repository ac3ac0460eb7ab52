import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { until } from "@soma/shared/testing/until";
import type { Charts, Manifest } from "../../infra/helm/testing/charts.ts";
import { deploy, findUnready, list, listLeft, NAMESPACE, podsOf, type Release } from "./release.ts";

/** What docs/operator/helm.md has an install wait at most. */
const LIMIT = "10m";
/** After which an upgrade that never is ready is given up: many times what a good one takes here. */
const BROKEN_LIMIT = "60s";
const SETTLE_MS = 60_000;
const FOREIGN = ["monitoring.coreos.com/v1", "security.istio.io/v1"];

/** Seconds of each step, by its name. */
export type Times = Record<string, number>;

interface Story {
  release: Release;
  now: Charts;
  /** The charts of the release before. */
  before: Charts;
  /** Whether the cluster has the kinds of foreign-kinds.yaml. */
  foreign: boolean;
}

/** The life of a release in a namespace of its own that holds pods to the standard `restricted`. */
export async function tellStory(story: Story): Promise<Times> {
  const { release } = story;
  const { kubectl } = release.plane;
  const times: Times = {};
  const timed = async (step: string, act: () => Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await act();
    times[step] = (performance.now() - from) / 1_000;
    console.log(`  ${release.mode}: ${step}, ${times[step].toFixed(1)} s`);
  };
  await makePlace(release);
  await timed("strict validation", () => validateStrictly(story));
  await timed("install", () => install(story, story.now, "one"));
  await timed("uninstall", () => uninstall(release));
  await timed("install of the release before", () => install(story, story.before, "zero"));
  await timed("upgrade", () => install(story, story.now, "one"));
  await timed("upgrade that never is ready", () => breakIt(story, "never-ready"));
  await timed("upgrade whose Jobs fail", () => breakIt(story, "jobs-fail"));
  await timed("upgrade after those", () => install(story, story.now, "two"));
  await timed("test", () => release.helm(["test", release.name]));
  await timed("uninstall after all of it", () => uninstall(release));
  await kubectl(["delete", "namespace", NAMESPACE, "--timeout=60s"]);
  await kubectl(["delete", "persistentvolume", "shared"]);
  return times;
}

async function makePlace({ plane }: Release): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels } },
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "shared" },
      spec: {
        capacity: { storage: "5Gi" },
        accessModes: ["ReadWriteMany"],
        nfs: { server: "files.example.com", path: "/" },
      },
    },
  ];
  await plane.kubectl(["create", "--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  // A controller makes it a moment later, and no pod is taken before.
  await plane.kubectl(["--namespace", NAMESPACE, "wait", "--for=create", "serviceaccount/default", "--timeout=50s"]);
}

/** The API server takes every manifest, with no field that it does not know; and would say so of one. */
async function validateStrictly({ release, now, foreign }: Story): Promise<void> {
  const text = await now.template({ mode: release.mode, has: foreign ? FOREIGN : [] });
  const apply = ["apply", "--server-side", "--dry-run=server", "--validate=strict"];
  const ask = (manifests: string): Promise<string> =>
    release.plane.kubectl(["--namespace", NAMESPACE, ...apply, "--filename", "-"], manifests);
  const said = await ask(text);
  assert.equal(/servicemonitor/.test(said), foreign, "a ServiceMonitor is there where its kind is");
  for (const field of foreign ? ["revisionHistoryLimit", "targetLabels"] : ["revisionHistoryLimit"])
    await assert.rejects(ask(text.replace(field, `${field}z`)), /unknown field/, `${field}z is refused`);
}

/** Installs or upgrades, and looks whether the Jobs were before everything else. */
async function install({ release }: Story, charts: Charts, tag: string): Promise<void> {
  const known = new Set((await list(release, "events")).map(({ metadata }) => metadata.uid));
  await deploy(release, charts, { tag, timeout: LIMIT });
  await settle(release, tag);
  const fresh = (await list(release, "events")).filter(({ metadata }) => !known.has(metadata.uid));
  const done = fresh.filter(({ reason, involvedObject: { kind } }) => kind === "Job" && reason === "Completed");
  const names = done.map(({ involvedObject }) => involvedObject.name).toSorted();
  assert.deepEqual(names, [`${release.name}-tables`, `${release.name}-topics`], "both Jobs have run to their end");
  const started = fresh.filter(({ reason }) => reason === "ScalingReplicaSet").map(timeOf);
  assert.ok(Math.min(...started) >= Math.max(...done.map(timeOf)), "nothing has started before the Jobs were done");
  assert.deepEqual(await list(release, "jobs"), [], "Jobs that succeeded are gone");
}

/** An autoscaler asks for its fewest pods a moment after Helm has seen the one that a Deployment begins with. */
async function settle(release: Release, tag: string): Promise<void> {
  const probe = async (): Promise<boolean> => {
    const unready = await findUnready(release, tag);
    if (unready.length > 0) throw new Error(unready.join("; "));
    return true;
  };
  await until(`every part is ready in version ${tag}`, probe, SETTLE_MS);
}

function timeOf(event: Manifest): number {
  return Date.parse(event.firstTimestamp ?? event.eventTime);
}

/** An upgrade to a broken version fails, and what was there stays: every pod of it runs on. */
async function breakIt({ release, now }: Story, tag: "never-ready" | "jobs-fail"): Promise<void> {
  const pods = await podsOf(release);
  const failed = deploy(release, now, { tag, timeout: BROKEN_LIMIT, more: ["--rollback-on-failure"] });
  await assert.rejects(failed, /rolled back|UPGRADE FAILED/, "a broken upgrade fails");
  await settle(release, "one");
  const after = await podsOf(release);
  assert.deepEqual(
    pods.filter((name) => !after.includes(name)),
    [],
    "no pod of before has ended",
  );
  const said = JSON.parse(await release.helm(["history", release.name, "--output", "json"])) as Manifest[];
  assert.equal(said.at(-1).status, "deployed");
  assert.match(said.at(-1).description, /^Rollback to/);
}

/** Nothing stays but the claim of the tools, which is kept by policy. */
async function uninstall(release: Release): Promise<void> {
  await release.helm(["uninstall", release.name, "--wait", "--timeout", LIMIT]);
  const kept = [`PersistentVolumeClaim ${release.name}-tools`];
  await until(
    "nothing is left but the claim",
    async () => {
      const left = await listLeft(release);
      if (!isDeepStrictEqual(left, kept)) throw new Error(left.join(", "));
      return true;
    },
    SETTLE_MS,
  );
}
