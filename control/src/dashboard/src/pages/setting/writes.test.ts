import { expect, it } from "vitest";
import type { AuditEntry } from "@/api/types";
import { cardName, told } from "./writes";

const entry = (line: string, what: string) => {
  const [method, path] = line.split(" ");
  return { method, path, what } as AuditEntry;
};

it.each([
  ["PUT /api/config", "gpu_left, max_gpu reset", "config", { what: "gpu_left, max_gpu reset" }],
  [
    "PUT /api/commands/single",
    "configuration 0 of single: 5 tasks, etag ab",
    "commands",
    { what: "single · 0" },
  ],
  ["POST /api/scheduler/multi/start", "config_index=1&watch=true", "start", { mode: "multi", what: "1" }],
  ["POST /api/scheduler/stop/41873", "", "stop", { pid: "41873" }],
  ["POST /api/scheduler/41873/hold", "task=6/2, key=ab", "verb", { verb: "hold", pid: "41873", what: "6/2" }],
  ["POST /api/scheduler/41873/resume", "", "verbAll", { verb: "resume", pid: "41873", what: "" }],
  ["DELETE /api/auth/logins/0123456789abcdef", "browser 3f9a", "endLogin", { what: "browser 3f9a" }],
  ["POST /api/gpu/3", "GPU 3 off", "gpuOff", { what: "3" }],
  ["POST /api/tasks", "submit train", "submit", { what: "train" }],
  ["PUT /api/config", "the text", "configText", {}],
  ["POST /api/log/bind", "single 0, task 3/1: /x/a.log", "bind", { what: "single · 0, 3/1: /x/a.log" }],
  ["START multi/0", "it has started", "autostart", { what: "multi/0" }],
])("%s is told", (line, what, did, said) => {
  const found = told(entry(line, what));
  expect(found.did).toBe(did);
  expect(found.said).toMatchObject(said);
});

it("names a card as it is known here", () => {
  const cards = [
    { uuid: "GPU-5d3c", index: "3" },
    { uuid: "MIG-1", index: "0:1" },
  ];
  const names = ["GPU-5d3c", "MIG-1", "2", "GPU-gone"].map((what) => cardName(what, cards));
  expect(names).toEqual(["GPU 3", "GPU 0:1", "GPU 2", "GPU-gone"]);
});

it("tells what it does not know as it is", () => {
  expect(told(entry("POST /api/new", "x=1"))).toMatchObject({
    did: null,
    said: { what: "POST /api/new x=1" },
  });
});
