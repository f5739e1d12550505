import { expect, it } from "vitest";
import type { TaskDetail } from "@/api/types";
import { bodyOf, copied, EMPTY, envOf, faultsByField, isSame, saysMore, wrongLine } from "./form";

const DETAIL = {
  id: 7,
  name: "hrnet",
  gpu_type: "A100",
  gpu_count: 2,
  memory_gb: 12,
  command: "python a.py",
  cwd: null,
  retries: 0,
  timeout: "2h",
  priority: 0,
  hold: true,
  env: { TOKEN: "********", A: "x=y" },
  devices: null,
  tmux: false,
} as unknown as TaskDetail;

it("copies all but that it was held, and says whose copy it is", () => {
  const body = bodyOf(copied(DETAIL));
  expect(body).toMatchObject({
    name: "hrnet",
    gpu_type: "A100",
    gpu_count: 2,
    memory_gb: 12,
    retries: 0,
    timeout: "2h",
    hold: false,
    copy_of: 7,
    env: { TOKEN: "********", A: "x=y" },
  });
});

it("sends null for what is not said", () => {
  expect(bodyOf({ ...EMPTY, commands: "ls", memory: "", name: " " })).toMatchObject({
    name: null,
    gpu_type: null,
    gpu_count: 1,
    memory_gb: null,
    retries: null,
    priority: 0,
    env: {},
  });
  expect(bodyOf({ ...EMPTY, gpus: 0, memory: 4 }).memory_gb).toBeNull();
});

it("reads variables line by line", () => {
  expect(envOf("A=1\n\n B =2=3\nnonsense")).toEqual({ A: "1", B: "2=3" });
  expect(wrongLine("A=1\n\nnonsense")).toBe("nonsense");
  expect(wrongLine("A=1\n")).toBeUndefined();
});

it("knows what has been changed, and what is folded away", () => {
  expect(isSame(EMPTY, { ...EMPTY })).toBe(true);
  expect(isSame(EMPTY, { ...EMPTY, name: "x" })).toBe(false);
  expect(saysMore({ ...EMPTY, name: "x" })).toBe(false);
  expect(saysMore({ ...EMPTY, retries: 0 })).toBe(true);
});

it("puts faults where they belong", () => {
  const fault = (file: string, problem: string, line = 0, hint = "") => ({
    file,
    problem,
    line,
    column: 0,
    hint,
  });
  expect(
    faultsByField(
      [
        fault("body.command", "bash can't read it", 3),
        fault("body.env.TOKEN", "its value is masked", 0, "write it out"),
        fault("body", "timeout: 'foo' is no time"),
        fault("body", "the task asks for 120 GB"),
      ],
      (line) => `line ${line}`,
    ),
  ).toEqual({
    commands: ["line 3: bash can't read it"],
    env: ["its value is masked; write it out"],
    timeout: ["timeout: 'foo' is no time"],
    "": ["the task asks for 120 GB"],
  });
});
