import { expect, it } from "vitest";
import type { ControlConfig } from "@/api/types";
import { waysTo } from "./reach";

const found = (more: Partial<ControlConfig>): ControlConfig =>
  ({ uds: null, values: { "allowed-hosts": [] }, urls: [], ...more }) as unknown as ControlConfig;
const told = (ways: ReturnType<typeof waysTo>) => ways.map(({ text, place }) => `${place} ${text}`);

it("is this machine, and a tunnel to it", () => {
  const urls = ["http://127.0.0.1:29214", "http://[::1]:29214", "http://localhost:29214"];
  expect(told(waysTo(found({ urls }), "lab"))).toEqual([
    "machine http://127.0.0.1:29214/",
    "tunnel ssh -L 29214:localhost:29214 lab",
  ]);
});

it("is the network where it is let in, and the names that were written down", () => {
  const urls = ["http://127.0.0.1:1", "http://10.0.0.5:1", "http://lab:1", "http://localhost:8080"];
  const values = { "allowed-hosts": ["localhost:8080"] };
  expect(told(waysTo(found({ urls, values }), "lab"))).toEqual([
    "machine http://127.0.0.1:1/",
    "network http://10.0.0.5:1/",
    "network http://lab:1/",
    "named http://localhost:8080/",
    "tunnel ssh -L 1:localhost:1 lab",
  ]);
});

it("is a socket instead", () => {
  expect(told(waysTo(found({ uds: "/run/me.sock" }), "lab"))).toEqual([
    "socket /run/me.sock",
    "tunnel ssh -L 8080:/run/me.sock lab",
  ]);
});
