/**
 * Builds the images of the product with buildah or docker, and writes beside each what is in it, and for all their digests:
 *
 *   node_modules/.bin/node infra/images/build.ts [--kind KIND] [--tag TAG] [--out FOLDER] [--key FILE]
 *     [--builder NAME]
 *
 * KIND is one of kinds.ts, all when left out; TAG is the version of package.json when left out; FILE is a private Ed25519 key
 * as PEM, with which the digests are signed; NAME is buildah or docker, the first that is there when left out.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, hash, type KeyObject, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { KINDS } from "./kinds.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SBOM = "app/sbom.cdx.json";

interface Built {
  image: string;
  digest: string;
  /** SHA-256 of its list of packages. */
  sbom: string;
}

const { values } = parseArgs({
  options: {
    kind: { type: "string", multiple: true, default: [...KINDS] },
    tag: { type: "string", default: (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Version).version },
    out: { type: "string", default: join(root, "packed/images") },
    key: { type: "string" },
    builder: { type: "string" },
  },
});
interface Version {
  version: string;
}

const unknown = values.kind.filter((kind) => !(KINDS as readonly string[]).includes(kind));
if (unknown.length > 0) fail(`there is no image ${unknown.join(", ")}; there are ${KINDS.join(", ")}`);
const key = values.key === undefined ? undefined : readKey(values.key);
const builders = ["buildah", "docker"].filter((name) => name === (values.builder ?? name));
const builder = builders.find((name) => spawnSync(name, ["--version"]).status === 0);
if (builder === undefined)
  fail(`images are built by ${values.builder ?? "buildah or docker"}, which is not on the PATH`);

mkdirSync(values.out, { recursive: true });
const built = values.kind.map((kind) => build(kind, `localhost/soma-${kind}:${values.tag}`));
const list = `${JSON.stringify(built, undefined, 2)}\n`;
writeFileSync(join(values.out, "images.json"), list);
if (key !== undefined) writeFileSync(join(values.out, "images.json.sig"), sign(undefined, Buffer.from(list), key));
console.log(`${built.map(({ image, digest }) => `${image} ${digest}`).join("\n")}`);

function build(kind: string, image: string): Built {
  const file = `infra/images/${kind}.Dockerfile`;
  const date = process.env.SOURCE_DATE_EPOCH || output("git", ["log", "-1", "--format=%ct"]);
  run(builder ?? "", [...argsOf(date), "--file", file, "--tag", image, "."], { SOURCE_DATE_EPOCH: date });
  const sbom = sbomOf(image);
  writeFileSync(join(values.out, `soma-${kind}.cdx.json`), sbom);
  return { image, digest: digestOf(image), sbom: hash("sha256", sbom) };
}

/** Every file is of the date of the commit, so that the same sources make the same image. Nothing is pulled that is there. */
function argsOf(date: string): string[] {
  if (builder === "buildah") return ["bud", "--isolation=chroot", "--pull=false", "--no-cache", "--timestamp", date];
  return ["build", "--no-cache", "--build-arg", `SOURCE_DATE_EPOCH=${date}`];
}

function digestOf(image: string): string {
  if (builder === "buildah")
    return output("buildah", ["inspect", "--type", "image", "--format", "{{.FromImageDigest}}", image]);
  return output("docker", ["image", "inspect", "--format", "{{.Id}}", image]);
}

/** The list of packages that is in an image. */
function sbomOf(image: string): string {
  const isBuildah = builder === "buildah";
  const container = isBuildah
    ? output("buildah", ["from", "--pull-never", image])
    : output("docker", ["create", image]);
  try {
    if (isBuildah) return mountedSbom(container);
    const copy = join(mkdtempSync(join(tmpdir(), "soma-image-")), "sbom");
    output("docker", ["cp", `${container}:/${SBOM}`, copy]);
    return readFileSync(copy, "utf8");
  } finally {
    output(builder ?? "", ["rm", container]);
  }
}

/** Who is not root may mount in a space of their own alone. */
function mountedSbom(container: string): string {
  const args = ["sh", "-c", `cat "$(buildah mount "$1")/${SBOM}"`, "sh", container];
  const [program = "", ...rest] = process.getuid?.() === 0 ? args : ["buildah", "unshare", ...args];
  return execFileSync(program, rest, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1_048_576 });
}

function readKey(file: string): KeyObject {
  try {
    const made = createPrivateKey(readFileSync(file));
    if (made.asymmetricKeyType === "ed25519") return made;
  } catch (error) {
    fail(`the key ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
  return fail(`the key ${file} cannot be used: it is not of Ed25519`);
}

function run(program: string, args: string[], more: Record<string, string>): void {
  const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...more } });
  if (status !== 0) fail(`${program} ended with ${status}`);
}

function output(program: string, args: string[]): string {
  return execFileSync(program, args, { cwd: root, encoding: "utf8" }).trim();
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
