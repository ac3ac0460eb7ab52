import { describe, expect, it } from "vitest";
import { permissionsOf } from "./permissions.ts";

const folders = { graphql: "/app/graphql", webui: "/app/webui/dist" };
const settings = { metricsHost: "127.0.0.1", metricsPort: 0, otlpEndpoint: "" };
const config = {
  host: "127.0.0.1",
  port: 4_700,
  urls: { runs: "http://127.0.0.1:4701/graphql", tools: "http://127.0.0.1:4701/graphql" },
  redisUrl: "",
  oidcJwksUrl: "",
  internalSigningKeyFile: "",
  userVerifyKeyFile: "",
  revokedFile: "",
  documentsFile: "",
  webuiDir: "",
};

describe("permissionsOf()", () => {
  it("allows to listen, to reach the subgraphs, to read the graph and the page, and nothing else", () => {
    expect(permissionsOf({ config, settings, folders })).toEqual([
      "--allow-net=127.0.0.1:4700,127.0.0.1:0,127.0.0.1:4701",
      "--allow-read=/app/graphql,/app/webui/dist",
      "--allow-env",
      "--allow-sys=hostname",
    ]);
  });

  it("allows what the settings name besides: Redis, the collector of spans, documents, another page", () => {
    const [net, read] = permissionsOf({
      config: {
        ...config,
        redisUrl: "rediss://user:hush@redis.example.com/0",
        documentsFile: "/etc/soma/documents.json",
        webuiDir: "/srv/page, new",
      },
      settings: { ...settings, otlpEndpoint: "https://spans.example.com" },
      folders,
    });
    expect(net).toBe(
      "--allow-net=127.0.0.1:4700,127.0.0.1:0,127.0.0.1:4701,redis.example.com:6379,spans.example.com:443",
    );
    expect(read).toBe("--allow-read=/app/graphql,/srv/page,, new,/etc/soma/documents.json");
  });

  it("allows to ask an issuer for its keys, and to read the folders of keys that are followed, each once", () => {
    const [net, read] = permissionsOf({
      config: {
        ...config,
        oidcJwksUrl: "https://login.example.com/keys",
        internalSigningKeyFile: "/run/secrets/soma/internal-private.json",
        userVerifyKeyFile: "/run/secrets/soma/user-public.json",
        revokedFile: "/etc/soma/revoked.json",
      },
      settings,
      folders,
    });
    expect(net).toBe("--allow-net=127.0.0.1:4700,127.0.0.1:0,127.0.0.1:4701,login.example.com:443");
    expect(read).toBe("--allow-read=/app/graphql,/app/webui/dist,/run/secrets/soma,/etc/soma");
    const [, besides] = permissionsOf({
      config: { ...config, userVerifyKeyFile: "keys.json", revokedFile: "/revoked.json" },
      settings,
      folders,
    });
    expect(besides).toBe("--allow-read=/app/graphql,/app/webui/dist,.,/");
  });

  it("writes addresses of IPv6 as Deno reads them", () => {
    const urls = { runs: "http://[fd00::1]/graphql" };
    const [net] = permissionsOf({ config: { ...config, host: "::", urls }, settings, folders });
    expect(net).toBe("--allow-net=[::]:4700,127.0.0.1:0,[fd00::1]:80");
  });
});
