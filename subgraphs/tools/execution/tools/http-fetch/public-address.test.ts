import { describe, expect, it } from "vitest";
import { type Address, checkTarget, isPublicAddress } from "./public-address.ts";

const HIDDEN = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.170",
  "192.0.2.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.51.100.7",
  "203.0.113.7",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "168.63.129.16",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::ffff:a9fe:a9fe",
  "64:ff9b::7f00:1",
  "64:ff9b:1::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "3fff::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fec0::1",
  "ff02::1",
  "not an address",
  "",
];
const PUBLIC = [
  "1.1.1.1",
  "8.8.8.8",
  "100.63.255.255",
  "100.128.0.1",
  "172.15.0.1",
  "172.32.0.1",
  "192.167.0.1",
  "223.255.255.254",
  "2606:4700::1111",
  "2a00:1450::1",
];

describe("isPublicAddress()", () => {
  it("refuses whatever is not the public internet, and IPv4 hidden in IPv6", () => {
    for (const address of HIDDEN) expect(isPublicAddress(address), address).toBe(false);
  });

  it("takes public addresses up to the edge of the refused ranges", () => {
    for (const address of PUBLIC) expect(isPublicAddress(address), address).toBe(true);
  });
});

describe("checkTarget()", () => {
  const dns: Record<string, string[]> = {
    "good.example": ["93.184.216.34", "2606:2800::1"],
    "mixed.example": ["93.184.216.34", "10.0.0.5"],
    "local.example": ["127.0.0.1"],
    "six.example": ["::ffff:10.0.0.1"],
    "empty.example": [],
    localhost: ["127.0.0.1"],
  };
  const resolve = async (host: string): Promise<Address[]> => {
    const found = dns[host];
    if (found === undefined) throw new Error("ENOTFOUND");
    return found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  const allow = new Set(["local.example:8080", "[::1]:9000", "127.0.0.1:80"]);

  it("gives the addresses of a public host, all of them", async () => {
    const { addresses } = await checkTarget("https://good.example/x", allow, resolve);
    expect(addresses.map(({ address }) => address)).toEqual(dns["good.example"]);
  });

  it("refuses in every disguise", async () => {
    const table: [string, string][] = [
      ["http://localhost/", "address_refused"],
      ["http://local.example/", "address_refused"],
      ["http://mixed.example/", "address_refused"],
      ["http://six.example/", "address_refused"],
      ["http://10.0.0.1/", "address_refused"],
      ["http://2130706433:443/", "address_refused"],
      ["http://0x7f.1:443/", "address_refused"],
      ["http://017700000001:443/", "address_refused"],
      ["http://127.1:443/", "address_refused"],
      ["http://[::1]/", "address_refused"],
      ["http://[::ffff:169.254.169.254]/", "address_refused"],
      ["http://[64:ff9b::a9fe:a9fe]/", "address_refused"],
      ["http://169.254.169.254/latest/meta-data", "address_refused"],
      ["http://good.example:22/", "address_refused"],
      ["http://good.example:8080/", "address_refused"],
      ["ftp://good.example/", "bad_url"],
      ["file:///etc/passwd", "bad_url"],
      ["data:text/plain,x", "bad_url"],
      ["http://user:secret@good.example/", "bad_url"],
      ["http://user@good.example/", "bad_url"],
      ["good.example", "bad_url"],
      ["http://nowhere.example/", "host_not_found"],
      ["http://empty.example/", "host_not_found"],
    ];
    for (const [url, type] of table) {
      const error = await checkTarget(url, allow, resolve).then(
        () => "passed",
        (thrown: { type?: string }) => thrown.type,
      );
      expect(error, url).toBe(type);
    }
  });

  it("takes what is allow-listed with its port, and with no other", async () => {
    await expect(checkTarget("http://local.example:8080/", allow, resolve)).resolves.toMatchObject({
      addresses: [{ address: "127.0.0.1" }],
    });
    await expect(checkTarget("http://[::1]:9000/", allow, resolve)).resolves.toMatchObject({
      addresses: [{ address: "::1" }],
    });
    await expect(checkTarget("http://127.0.0.1/", allow, resolve)).resolves.toMatchObject({
      addresses: [{ address: "127.0.0.1" }],
    });
    await expect(checkTarget("http://local.example:8081/", allow, resolve)).rejects.toThrow("port 8081 is not reached");
    await expect(checkTarget("https://127.0.0.1/", allow, resolve)).rejects.toThrow("not a public address");
  });
});
