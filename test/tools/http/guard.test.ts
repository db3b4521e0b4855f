/** Where requests may go, and where they must not. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkedAddresses, hostOf, isListed, isPublic } from "../../../src/tools/http/guard.ts";

const PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111"];
const NOT_PUBLIC = [
  ...["10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "100.64.0.1", "0.0.0.0"],
  ...["0.1.2.3", "192.0.0.8", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::"],
  ...["fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1"],
  ...["64:ff9b::a00:1", "64:ff9b:1::a00:1", "2001::1", "2002:a00:1::", "2001:db8::1", "100::1", "5f00::1", "3fff::1"],
  ...["168.63.129.16", "::ffff:168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"],
  ...["4000::1", "fe80::1%eth0", "", "example.com", "10.1"],
];

describe("an address", () => {
  it("is public where anybody reaches it, and nowhere else", () => {
    expect(PUBLIC.filter((address) => !isPublic(address))).toEqual([]);
    expect(NOT_PUBLIC.filter(isPublic)).toEqual([]);
  });

  it("of the networks of RFC 1918 never is, whichever it is", () => {
    const octet = fc.nat(255);
    const own = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    );
    fc.assert(fc.property(own, (octets) => !isPublic(octets.join(".")) && !isPublic(`::ffff:${octets.join(".")}`)));
  });
});

describe("the tenant's hosts", () => {
  it.each<[string, string, boolean]>([
    ["https://api.example.com/x", "api.example.com", true],
    ["https://api.example.com:8443/", "api.example.com", false],
    ["https://api.example.com:8443/", "api.example.com:8443", true],
    ["http://api.example.com/", "api.example.com", false],
    ["https://a.b.example.com/", "*.example.com", true],
    ["https://example.com/", "*.example.com", false],
    ["https://evilexample.com/", "*.example.com", false],
    ["https://example.com.evil.org/", "example.com", false],
    ["https://a.example.com:444/", "*.example.com", false],
  ])("%s by %s: %s", (url, entry, isAllowed) => {
    expect(isListed(hostOf(new URL(url)), [entry])).toBe(isAllowed);
  });

  it("are asked for before a name is looked up", async () => {
    let asked = 0;
    const resolve = async () => {
      asked++;
      return [{ address: "8.8.8.8", family: 4 }];
    };
    const look = (allowed: string[]) =>
      checkedAddresses(new URL("https://api.example.com/"), allowed, { localHosts: [], resolve });
    await expect(look([])).rejects.toThrow("Requests may not go to api.example.com:443");
    expect(asked).toBe(0);
    expect(await look(["api.example.com"])).toEqual([{ address: "8.8.8.8", family: 4 }]);
    expect(asked).toBe(1);
  });

  it("lead to public addresses alone: one that is not among several is enough", async () => {
    const resolve = async () => [
      { address: "8.8.8.8", family: 4 },
      { address: "169.254.169.254", family: 4 },
    ];
    const url = new URL("https://api.example.com/");
    const network = { localHosts: [], resolve };
    await expect(checkedAddresses(url, ["api.example.com"], network)).rejects.toThrow(
      "api.example.com leads to 169.254.169.254, which is no public address.",
    );
    const local = { ...network, localHosts: ["api.example.com:443"] };
    expect(await checkedAddresses(url, ["api.example.com"], local)).toHaveLength(2);
  });

  it("are reached over https, and by nothing else but what whoever runs the system lets through", async () => {
    const url = new URL("http://8.8.8.8/");
    const allowed = ["8.8.8.8:80"];
    await expect(checkedAddresses(url, allowed, { localHosts: [] })).rejects.toThrow("requests go over https only");
    expect(await checkedAddresses(url, allowed, { localHosts: ["8.8.8.8:80"] })).toHaveLength(1);
  });
});
