/** Where the console is reached, and from where. */
import type { ControlConfig } from "@/api/types";

export type Place = "machine" | "network" | "tunnel" | "named" | "socket";

interface Way {
  text: string;
  place: Place;
  /** What a browser opens; null: it is a command for a shell. */
  url: string | null;
}

const LOOPBACK = /^(127\.[\d.]+|localhost|\[::1\])$/;

export function waysTo(found: ControlConfig, host: string): Way[] {
  if (found.uds !== null)
    return [
      { text: found.uds, place: "socket", url: null },
      { text: `ssh -L 8080:${found.uds} ${host}`, place: "tunnel", url: null },
    ];
  const urls = found.urls.map((url) => ({ url, ...partsOf(url) }));
  const port = urls.find((one) => one.name === "127.0.0.1")?.port ?? urls[0]?.port ?? "";
  // Of the names of this machine's own loop one is enough.
  const loops = urls.filter((one) => LOOPBACK.test(one.name) && one.port === port);
  const own = loops.find((one) => one.name === "127.0.0.1") ?? loops[0];
  const named = new Set((found.values["allowed-hosts"] as string[] | undefined) ?? []);
  const others = urls.filter((one) => !loops.includes(one));
  return [
    ...(own ? [way(own.url, "machine")] : []),
    ...others.map((one) => way(one.url, isNamed(one, named) ? "named" : "network")),
    { text: `ssh -L ${port}:localhost:${port} ${host}`, place: "tunnel" as const, url: null },
  ];
}

function way(url: string, place: Place): Way {
  return { text: `${url}/`, place, url };
}

function isNamed(one: { name: string; port: string }, named: Set<string>): boolean {
  return named.has(one.name) || named.has(`${one.name}:${one.port}`);
}

function partsOf(url: string): { name: string; port: string } {
  const host = url.replace(/^https?:\/\//, "");
  const colon = host.lastIndexOf(":");
  return colon > host.lastIndexOf("]")
    ? { name: host.slice(0, colon), port: host.slice(colon + 1) }
    : { name: host, port: "" };
}
